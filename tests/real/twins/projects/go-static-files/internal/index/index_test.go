package index

import (
	"net/http/httptest"
	"testing"
)

func TestHandler(t *testing.T) {
	answer := httptest.NewRecorder()
	Handler(".")(answer, httptest.NewRequest("GET", "/", nil))
	if answer.Code != 200 {
		t.Fatal(answer.Code)
	}
}
