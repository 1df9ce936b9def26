package translate

// ReadCase reads a file of testdata, and Governed makes a mesh for policies; for tests outside of the package.
var (
	ReadCase = readCase
	Governed = governed
)
