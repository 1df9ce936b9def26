package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// user is what the REST part of the service keeps.
type user struct {
	ID    int64    `json:"id"`
	Name  string   `json:"name"`
	Role  string   `json:"role,omitempty"`
	Tags  []string `json:"tags"`
	Boss  *user    `json:"boss,omitempty"`
	Since string   `json:"since,omitempty"` // a date: 2024-02-29
}

// users is a collection of users in memory, the first two of which are there from the start.
type users struct {
	mu   sync.Mutex
	byID map[int64]user
	last int64
}

func newUsers() *users {
	ann := user{ID: 1, Name: "Ann", Role: "ADMIN", Tags: []string{"first"}, Since: "2024-02-29"}
	bob := user{ID: 2, Name: "Bob", Role: "MEMBER", Tags: []string{}, Boss: &ann}
	return &users{byID: map[int64]user{1: ann, 2: bob}, last: 2}
}

// handle adds the endpoints to mux: GET /users/{id}, DELETE /users/{id}, GET /users?ids=1&ids=2, POST /users.
func (s *users) handle(mux *http.ServeMux) {
	mux.HandleFunc("GET /users/{id}", s.get)
	mux.HandleFunc("DELETE /users/{id}", s.remove)
	mux.HandleFunc("GET /users", s.list)
	mux.HandleFunc("POST /users", s.add)
}

func (s *users) get(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	u, ok := s.byID[number(r.PathValue("id"))]
	s.mu.Unlock()
	if !ok {
		problem(w, http.StatusNotFound, "there is no user "+r.PathValue("id"))
		return
	}
	answer(w, http.StatusOK, u)
}

func (s *users) remove(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	delete(s.byID, number(r.PathValue("id")))
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// list answers the users of the given ids, in that order, or all of them by id.
func (s *users) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []user{}
	for _, id := range r.URL.Query()["ids"] {
		if u, ok := s.byID[number(id)]; ok {
			found = append(found, u)
		}
	}
	if !r.URL.Query().Has("ids") {
		found = slices.SortedFunc(maps.Values(s.byID), func(a, b user) int { return cmp.Compare(a.ID, b.ID) })
	}
	answer(w, http.StatusOK, found)
}

// add keeps a user under a new id. A name can be taken only once.
func (s *users) add(w http.ResponseWriter, r *http.Request) {
	var u user
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&u); err != nil || strings.TrimSpace(u.Name) == "" {
		problem(w, http.StatusBadRequest, "the body is no user with a name")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.byID {
		if other.Name == u.Name {
			problem(w, http.StatusConflict, fmt.Sprintf("the name %s is taken", u.Name))
			return
		}
	}
	s.last++
	u.ID = s.last
	if u.Tags == nil {
		u.Tags = []string{}
	}
	s.byID[u.ID] = u
	answer(w, http.StatusCreated, u)
}

// number reads an id; what is none is 0, which no user has.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // a client that has gone is no error of the service
}

// problem answers with a problem (RFC 9457).
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}
