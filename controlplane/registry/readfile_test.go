package registry

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "services.yaml")
	text := "services:\n  b:\n    - {address: 10.0.0.2, port: 80, protocol: http}\n    - {address: nowhere, port: 80}\n  a:\n    - {address: 10.0.0.1, port: 20880, weight: 7}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	services, problems, err := ReadFile(file)
	if err != nil || len(services) != 2 || services[0].Name != "a" || services[0].Instances[0].Weight != 7 || len(services[1].Instances) != 1 {
		t.Errorf("got %+v, %v", services, err)
	}
	if len(problems) != 1 {
		t.Errorf("problems %+v", problems)
	}
	if _, _, err := ReadFile(file + ".none"); err == nil {
		t.Error("a file that is not there is read")
	}
}
