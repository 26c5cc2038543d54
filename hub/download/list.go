package download

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// maxListing bounds what a hub says of a revision.
const maxListing = 32 << 20

var (
	commitForm = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
	hashForm   = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// list asks for the files of the revision and chooses those to fetch. Each
// then has its size and its hash.
func (d *download) list(ctx context.Context) (commit string, files []*File, err error) {
	var l listing
	what := "the files of " + d.Repo + " at revision " + d.Revision
	address := d.at("api", "models", d.Repo, "revision", url.PathEscape(d.Revision)) + "?blobs=true"
	err = d.retry(ctx, what, func() (bool, error) {
		return false, d.watched(ctx, func(ctx context.Context) (*http.Response, error) {
			return d.send(ctx, http.MethodGet, address)
		}, func(_ *http.Response, body io.Reader) error {
			data, err := io.ReadAll(io.LimitReader(body, maxListing+1))
			if err != nil {
				return err
			}
			if len(data) > maxListing {
				return final(fmt.Errorf("the list is longer than %d bytes", maxListing))
			}
			if l, err = parseListing(data); err != nil {
				return final(fmt.Errorf("%s does not answer as a hub does: %w", d.endpoint.Host, err))
			}
			return nil
		})
	})
	if err != nil {
		return "", nil, err
	}
	var names []string
	known := map[string]sibling{}
	for _, s := range l.Siblings {
		names = append(names, s.Name)
		known[s.Name] = s
	}
	chosen, err := d.choose(names)
	if err != nil {
		return "", nil, fmt.Errorf("download: %s: %w", what, err)
	}
	for _, name := range chosen {
		f := known[name].file()
		if f.Hash == "" || f.Size < 0 {
			if err := d.head(ctx, l.SHA, f); err != nil {
				return "", nil, err
			}
		}
		files = append(files, f)
	}
	return l.SHA, files, nil
}

// listing is what a hub says of a revision.
type listing struct {
	SHA      string    `json:"sha"`
	Siblings []sibling `json:"siblings"`
}

func parseListing(data []byte) (l listing, err error) {
	if err := json.Unmarshal(data, &l); err != nil {
		return l, err
	}
	if !commitForm.MatchString(l.SHA) {
		return l, fmt.Errorf("the commit is %q", clip(l.SHA))
	}
	for _, s := range l.Siblings {
		if err := safe(s.Name); err != nil {
			return l, fmt.Errorf("a file is named %q: %w", clip(s.Name), err)
		}
	}
	return l, nil
}

// sibling is a file as the list has it. Some hubs leave out all but the name.
type sibling struct {
	Name   string `json:"rfilename"`
	Size   *int64 `json:"size"`
	BlobID string `json:"blobId"`
	LFS    *struct {
		SHA256 string `json:"sha256"`
		Size   int64  `json:"size"`
	} `json:"lfs"`
}

func (s sibling) file() *File {
	f := &File{Name: s.Name, Size: -1}
	if s.Size != nil {
		f.Size = *s.Size
	}
	if hash := s.BlobID; s.LFS == nil && hashForm.MatchString(hash) {
		f.Hash = hash
	}
	if s.LFS != nil && hashForm.MatchString(s.LFS.SHA256) {
		f.Hash, f.Size = s.LFS.SHA256, s.LFS.Size
	}
	return f
}

// head asks for the size and the hash of one file.
func (d *download) head(ctx context.Context, commit string, f *File) error {
	return d.retry(ctx, f.Name, func() (bool, error) {
		return false, d.watched(ctx, func(ctx context.Context) (*http.Response, error) {
			return d.send(ctx, http.MethodHead, d.address(commit, f))
		}, func(resp *http.Response, _ io.Reader) error {
			h := resp.Header
			if c := h.Get("X-Repo-Commit"); c != "" && c != commit {
				return final(fmt.Errorf("it is of commit %s, and %s was asked for", clip(c), commit))
			}
			tag, size := h.Get("X-Linked-Etag"), h.Get("X-Linked-Size")
			if tag == "" {
				tag = h.Get("Etag")
			}
			if size == "" && resp.StatusCode == http.StatusOK {
				size = h.Get("Content-Length")
			}
			f.Hash = strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
			n, err := strconv.ParseInt(size, 10, 64)
			if !hashForm.MatchString(f.Hash) || err != nil || n < 0 {
				return final(fmt.Errorf("%s names a hash %q and a size %q: without them a file cannot be checked", d.endpoint.Host, clip(tag), clip(size)))
			}
			f.Size = n
			return nil
		})
	})
}

// address is where the endpoint has a file.
func (d *download) address(commit string, f *File) string {
	parts := strings.Split(f.Name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return d.at(d.Repo, "resolve", commit, strings.Join(parts, "/"))
}

var errUnsafe = errors.New("it would lead out of its folder, or is no name of a file")

// safe refuses names that would not stay in their folder, on any system.
func safe(name string) error {
	bad := name == "" || len(name) > 1024 || strings.HasPrefix(name, "/") || !filepath.IsLocal(filepath.FromSlash(name)) ||
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`\:*?"<>|`, r) })
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || part == "" || part == "." || part == ".." || len(part) > 255 || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ")
	}
	if bad {
		return errUnsafe
	}
	return nil
}
