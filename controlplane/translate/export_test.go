package translate

// ReadCase reads a file of testdata, for tests outside of the package.
var ReadCase = readCase
