package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// account is a user that the API server knows by a static token.
type account struct {
	name   string
	groups []string
}

// accounts: one that may do everything, and two that may do what tests give them.
var accounts = []account{
	{"admin", []string{"system:masters"}},
	{"alice", []string{"devs"}},
	{"bob", []string{"ops"}},
}

// newTokens makes a token for every account and writes tokens.csv as --token-auth-file reads it.
func newTokens(dir string) (map[string]string, error) {
	tokens := map[string]string{}
	var lines strings.Builder
	for _, each := range accounts {
		tokens[each.name] = rand.Text()
		fmt.Fprintf(&lines, "%s,%s,%s,\"%s\"\n", tokens[each.name], each.name, each.name, strings.Join(each.groups, ","))
	}
	return tokens, os.WriteFile(filepath.Join(dir, "tokens.csv"), []byte(lines.String()), 0o600)
}

type object = map[string]any

// writeKubeconfig writes one context a way of logging in: a token of each account, a client certificate,
// and admin acting as alice. JSON is YAML, so every client reads it.
func writeKubeconfig(dir, url string, tokens map[string]string) error {
	users := map[string]object{
		"certificate": {
			"client-certificate": filepath.Join(dir, "certificate.crt"),
			"client-key":         filepath.Join(dir, "certificate.key"),
		},
		"admin-as-alice": {"token": tokens["admin"], "as": "alice", "as-groups": []string{"devs"}},
	}
	for name, token := range tokens {
		users[name] = object{"token": token}
	}
	var named, contexts []object
	for name, user := range users {
		named = append(named, object{"name": name, "user": user})
		contexts = append(contexts, object{"name": name, "context": object{"cluster": "controlplane", "user": name}})
	}
	cluster := object{"server": url, "certificate-authority": filepath.Join(dir, "ca.crt")}
	text, err := json.MarshalIndent(object{
		"apiVersion": "v1", "kind": "Config", "current-context": "admin",
		"clusters": []object{{"name": "controlplane", "cluster": cluster}},
		"users":    named, "contexts": contexts,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "kubeconfig"), append(text, '\n'), 0o600)
}
