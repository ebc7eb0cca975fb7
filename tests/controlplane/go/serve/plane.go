package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const patience = 60 * time.Second

// controllers without which RBAC objects are not what they are in a real cluster: aggregated roles stay
// empty, service accounts have no token, admission policies are never type-checked. Not the one of namespaces, which
// would still be emptying one when the next test has made it anew.
var controllers = []string{
	"clusterrole-aggregation-controller",
	"garbage-collector-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"validatingadmissionpolicy-status-controller",
}

// plane is one control plane: its folder of keys, its address and who may log in.
type plane struct {
	dir    string
	port   int
	tokens map[string]string
	client *http.Client
}

// prepare writes everything into dir that the processes read.
func prepare(dir string) (*plane, error) {
	p := &plane{dir: dir}
	ca, err := newAuthority(dir)
	if err != nil {
		return nil, err
	}
	if err := ca.issue("serving", pkix.Name{CommonName: "kube-apiserver"}); err != nil {
		return nil, err
	}
	admin := pkix.Name{CommonName: "certificate-admin", Organization: []string{"system:masters"}}
	if err := ca.issue("certificate", admin); err != nil {
		return nil, err
	}
	if _, err := newKey(filepath.Join(dir, "service-accounts.key")); err != nil {
		return nil, err
	}
	if p.tokens, err = newTokens(dir); err != nil {
		return nil, err
	}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.certificate)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	p.client = &http.Client{Transport: transport, Timeout: 2 * time.Second}
	return p, writeKubeconfig(dir, p.url(), p.tokens)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func (p *plane) url() string {
	return fmt.Sprintf("https://127.0.0.1:%d", p.port)
}

// start starts the three and waits until roles are aggregated, which all three must work for. Release
// binaries for tests come without controllers; whoever asked for them is told by the report.
func (p *plane) start(assets string, group *processes, stop <-chan struct{}) error {
	if err := group.start(filepath.Join(assets, "etcd"), etcdFlags...); err != nil {
		return err
	}
	if err := group.until(stop, p.etcdListens); err != nil {
		return err
	}
	if err := group.start(filepath.Join(assets, "kube-apiserver"), p.apiserverFlags()...); err != nil {
		return err
	}
	if err := group.until(stop, p.ready); err != nil {
		return err
	}
	manager := filepath.Join(assets, "kube-controller-manager")
	if _, err := os.Stat(manager); err != nil {
		return nil
	}
	if err := group.start(manager, p.controllerFlags()...); err != nil {
		return err
	}
	return group.until(stop, p.aggregated)
}

// until polls a condition; a stop request, the exit of a child and a minute's patience end it.
func (g *processes) until(stop <-chan struct{}, condition func() bool) error {
	deadline := time.Now().Add(patience)
	for !condition() {
		select {
		case <-stop:
			return errStopped
		case name := <-g.exits:
			return g.exited(name)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready within %s", patience)
		}
	}
	return nil
}

// A socket in the private folder needs no free port, and nobody else on the machine can open it.
// etcd wants a host and a port in every address; of a socket they are the name of the file.
const etcdClients, etcdPeers = "unix://clients:0", "unix://peers:0"

var etcdFlags = []string{
	"--data-dir=etcd-data",
	"--listen-client-urls=" + etcdClients, "--advertise-client-urls=" + etcdClients,
	"--listen-peer-urls=" + etcdPeers, "--initial-advertise-peer-urls=" + etcdPeers,
	"--initial-cluster=default=" + etcdPeers,
	"--unsafe-no-fsync", "--log-level=warn",
}

// The range for services is Harvester's, so that a dump of one of its clusters can be loaded.
func (p *plane) apiserverFlags() []string {
	return []string{
		"--etcd-servers=" + etcdClients,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.port),
		"--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.53.0.0/16",
		"--tls-cert-file=serving.crt", "--tls-private-key-file=serving.key",
		"--client-ca-file=ca.crt", "--token-auth-file=tokens.csv",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=service-accounts.key",
		"--service-account-signing-key-file=service-accounts.key",
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",
	}
}

func (p *plane) controllerFlags() []string {
	return []string{
		"--kubeconfig=kubeconfig", "--root-ca-file=ca.crt",
		"--service-account-private-key-file=service-accounts.key",
		"--controllers=" + strings.Join(controllers, ","),
		"--use-service-account-credentials=false", "--leader-elect=false", "--secure-port=0",
		// The default is 20 requests a second.
		"--kube-api-qps=1000", "--kube-api-burst=2000",
	}
}

func (p *plane) etcdListens() bool {
	connection, err := net.Dial("unix", filepath.Join(p.dir, "clients:0"))
	if err != nil {
		return false
	}
	connection.Close()
	return true
}

func (p *plane) ready() bool {
	return p.get("/readyz", nil) == nil
}

func (p *plane) aggregated() bool {
	var role struct{ Rules []any }
	err := p.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/admin", &role)
	return err == nil && len(role.Rules) > 0
}

// get reads a path as admin and decodes the answer if asked to.
func (p *plane) get(path string, into any) error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.url()+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+p.tokens["admin"])
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// portTaken says whether the API server could not bind its port.
func (p *plane) portTaken() bool {
	log, err := os.ReadFile(filepath.Join(p.dir, "kube-apiserver.log"))
	return err == nil && strings.Contains(string(log), "address already in use")
}

// report is what the parent needs to know.
func (p *plane) report(group *processes) object {
	return object{
		"url": p.url(), "ca": filepath.Join(p.dir, "ca.crt"), "kubeconfig": filepath.Join(p.dir, "kubeconfig"),
		"directory": p.dir, "tokens": p.tokens, "processes": group.pids(),
	}
}
