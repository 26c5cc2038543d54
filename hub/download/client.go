package download

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/rotor-lm/rotor/hub"
)

// client asks one endpoint, and knows what to do when it does not answer.
type client struct {
	http     *http.Client
	endpoint *url.URL
	pause    time.Duration
	stall    time.Duration
	reached  atomic.Bool // it has answered once
	note     func(Retry)
}

const usualEndpoint = "https://huggingface.co"

func newClient(o Options, note func(Retry)) (*client, error) {
	address := o.Endpoint
	if address == "" {
		address = os.Getenv("HF_ENDPOINT")
	}
	if address == "" {
		address = usualEndpoint
	}
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("download: HF_ENDPOINT is %q: want an address such as %s", address, usualEndpoint)
	}
	if on(os.Getenv("HF_HUB_OFFLINE")) {
		return nil, errors.New("download: HF_HUB_OFFLINE is set: unset it to fetch from a hub")
	}
	token, err := tokenOf(o)
	if err != nil {
		return nil, err
	}
	t := o.transport
	if t == nil {
		plain := http.DefaultTransport.(*http.Transport).Clone()
		plain.DisableCompression = true // hashes and ranges are of the file as it is
		plain.ResponseHeaderTimeout = o.stall
		plain.MaxIdleConnsPerHost = max(2, o.Parallel)
		t = plain
	}
	c := &client{endpoint: u, pause: o.pause, stall: o.stall, note: note}
	c.http = &http.Client{Transport: &bearer{t, u, token}, CheckRedirect: c.redirect}
	return c, nil
}

func on(s string) bool {
	return s != "" && s != "0" && !strings.EqualFold(s, "false") && !strings.EqualFold(s, "no") && !strings.EqualFold(s, "off")
}

// tokenOf is the token to show, which may be none.
func tokenOf(o Options) (string, error) {
	token := o.Token
	for _, key := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if token == "" {
			token = os.Getenv(key)
		}
	}
	if token == "" && !on(os.Getenv("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		path := os.Getenv("HF_TOKEN_PATH")
		if path == "" {
			path = filepath.Join(hub.Home(), "token")
		}
		if st, err := os.Stat(path); err == nil && st.Size() < 1<<16 {
			data, err := os.ReadFile(path)
			if err != nil {
				return "", fmt.Errorf("download: the token: %w", err)
			}
			token = string(data)
		}
	}
	token = strings.TrimSpace(token)
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("download: the token has a blank or a character that no token has: look at HF_TOKEN")
	}
	return token, nil
}

// bearer shows the token to the endpoint and to nobody else: the request that
// follows a redirect passes here too.
type bearer struct {
	next     http.RoundTripper
	endpoint *url.URL
	token    string
}

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	r.Header.Del("Referer") // an address may hold a signature
	if b.token != "" && sameOrigin(r.URL, b.endpoint) {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// redirect follows a few, none from a safe connection to an open one, and with
// HEAD none to another host: what a file is the endpoint itself says.
func (c *client) redirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) >= 8:
		return final(fmt.Errorf("%s redirects without an end", c.endpoint.Host))
	case r.URL.Scheme != "http" && r.URL.Scheme != "https":
		return final(fmt.Errorf("%s redirects to %s", via[0].URL.Host, r.URL.Scheme))
	case via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme == "http":
		return final(fmt.Errorf("%s redirects to %s without TLS", via[0].URL.Host, r.URL.Host))
	case via[0].Method == http.MethodHead && !sameOrigin(r.URL, c.endpoint):
		return http.ErrUseLastResponse
	}
	return nil
}

// finalError is one that another attempt would not mend.
type finalError struct{ error }

func final(err error) error             { return finalError{err} }
func (e finalError) Unwrap() error      { return e.error }
func (c *client) at(p ...string) string { return c.endpoint.String() + "/" + strings.Join(p, "/") }

// statusError is an answer that is none.
type statusError struct {
	code  int
	text  string
	after time.Duration // how long the server wants to be left alone
}

func (e *statusError) Error() string { return e.text }

// send sends one request and returns its answer, if it is one.
func (c *client) send(ctx context.Context, method, address string, header ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return nil, final(err)
	}
	r.Header.Set("User-Agent", "rotor")
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	c.reached.Store(true)
	if e := resp.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		resp.Body.Close()
		return nil, final(fmt.Errorf("%s sends %s compressed (%s) though it was asked not to", r.URL.Host, r.URL.Path, clip(e)))
	}
	if resp.StatusCode >= 300 && (method != http.MethodHead || resp.StatusCode >= 400) {
		defer resp.Body.Close()
		return nil, c.refused(resp)
	}
	return resp, nil
}

// refused explains a status that is no success.
func (c *client) refused(resp *http.Response) error {
	e := &statusError{code: resp.StatusCode, after: retryAfter(resp.Header.Get("Retry-After"))}
	host := resp.Request.URL.Host
	why := clip(resp.Header.Get("X-Error-Message"))
	if why == "" {
		why = http.StatusText(resp.StatusCode)
	}
	e.text = fmt.Sprintf("%s answers %d: %s", host, resp.StatusCode, why)
	switch code := resp.Header.Get("X-Error-Code"); {
	case !sameOrigin(resp.Request.URL, c.endpoint):
	case code == "GatedRepo" || resp.StatusCode == http.StatusForbidden:
		e.text += ": accept the terms of the model on its page there, and set HF_TOKEN to a token of yours"
	case code == "RepoNotFound" || code == "" && resp.StatusCode == http.StatusUnauthorized:
		e.text += ": there is no such model, or it is private and needs a token in HF_TOKEN"
	case resp.StatusCode == http.StatusUnauthorized:
		e.text += ": the token in HF_TOKEN is not accepted"
	case code == "RevisionNotFound":
		e.text += ": the model has no such branch, tag or commit"
	}
	return e
}

// clip makes what a server says fit for an error.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// retryAfter reads seconds, or a date.
func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && n >= 0 {
		return time.Duration(min(n, 1<<30)) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(0, time.Until(t))
	}
	return 0
}

const (
	attempts = 6               // without any progress
	patience = 5 * time.Minute // a server that wants more is not waited for
)

// retry calls f until it succeeds, or until another attempt would not help. f
// reports whether it got any further.
func (c *client) retry(ctx context.Context, what string, f func() (further bool, err error)) error {
	wait, failed := c.pause, 0
	for {
		further, err := f()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if further {
			wait, failed = c.pause, 0
		}
		failed++
		w, again := c.wait(err, wait)
		if limit := attempts; !again || failed >= limit || !c.reached.Load() && failed >= 2 {
			return fmt.Errorf("download: %s: %w", what, plain(err))
		}
		c.note(Retry{fmt.Errorf("%s: %w", what, plain(err)), w})
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(w):
		}
		wait = min(2*wait, 30*c.pause)
	}
}

// wait is how long to wait after an error, and whether to.
func (c *client) wait(err error, usual time.Duration) (time.Duration, bool) {
	var end finalError
	var status *statusError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &end), errors.As(err, &cert):
		return 0, false
	case errors.As(err, &status):
		switch status.code {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return max(usual, status.after), status.after <= patience
		}
		return 0, false
	}
	return usual, true
}

// plain takes from an error the address, which may hold a signature.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		host := u.URL
		if p, e := url.Parse(u.URL); e == nil {
			host = p.Host
		}
		return fmt.Errorf("%s: %w", host, u.Err)
	}
	return err
}

var errStalled = errors.New("the server says nothing any more")

// alive is a reader that ends a request when nothing comes for too long.
type alive struct {
	io.Reader
	timer *time.Timer
	limit time.Duration
}

func (a *alive) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	a.timer.Reset(a.limit)
	return n, err
}

// watched calls f with the body of an answer, under a watch.
func (c *client) watched(ctx context.Context, get func(ctx context.Context) (*http.Response, error), f func(*http.Response, io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(2*c.stall, func() { cancel(errStalled) })
	defer timer.Stop()
	defer cancel(nil)
	resp, err := get(ctx)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	err = f(resp, &alive{resp.Body, timer, c.stall})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
