// Package download fetches models from a hub into the cache that all programs
// of the hub share.
//
//	list the files of a revision → choose → each: ranges, in order → blobs → snapshot → ref
//
// A file is fetched in ranges, several at a time, and written in their order:
// what lies on the disk is at any moment a true beginning of the file, and its
// hash is known up to there. A download that was cut goes on where it ended. A
// file takes its place in the cache when its hash is the one that the hub names
// it by: SHA-256 for large files, Git's SHA-1 for small ones. The branch comes to
// mean the new commit when all of its files are there.
//
// The token goes to the endpoint alone, and to nobody to whom it redirects.
package download

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rotor-lm/rotor/hub"
)

// Options of a download. The zero value asks the hub that the environment
// names, for the files that Rotor needs of a model.
type Options struct {
	Endpoint string   // where the hub is; empty means HF_ENDPOINT, or https://huggingface.co
	Token    string   // empty means HF_TOKEN, or the file where a login has left it
	Include  []string // patterns of the files to fetch, instead of the usual ones: * and ? and [a-z], * also across folders
	Exclude  []string // patterns of those that are left
	Parallel int      // requests at a time; zero means 8
	DryRun   bool     // list, and fetch nothing

	chunk     int64         // bytes of a range
	pause     time.Duration // before the first retry; it doubles
	stall     time.Duration // how long a server may say nothing
	transport http.RoundTripper
}

// File is one file of a revision.
type File struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Hash string `json:"hash"` // SHA-256, or Git's SHA-1: how the cache names it
	Here bool   `json:"here"` // it is in the cache already

	location atomic.Pointer[string] // where the endpoint redirects to
}

// Event is something that happened: Listed, Progress, Retry, Stored or Done.
type Event interface{ event() }

// Listed says what the revision has, and what of it is to be fetched.
type Listed struct {
	Repo    string  `json:"repo"`
	Commit  string  `json:"commit"`
	Files   []*File `json:"files"`
	Missing int64   `json:"missing"` // bytes that are not in the cache
}

// Progress says how much has come.
type Progress struct {
	File  string        `json:"file"`
	Bytes int64         `json:"bytes"` // of all files that were missing
	Total int64         `json:"total"`
	Speed float64       `json:"bytes_per_s"`
	ETA   time.Duration `json:"-"`
}

// Retry says that a request failed and is sent again after a while.
type Retry struct {
	Err  error
	Wait time.Duration
}

// Stored says that a file is in the cache, whole and true.
type Stored struct {
	File *File
	Path string
}

// Done says that all files are there.
type Done struct {
	Path    string  `json:"path"` // the folder, or the file
	Commit  string  `json:"commit"`
	Files   int     `json:"files"`
	Bytes   int64   `json:"bytes"`   // of all files
	Fetched int64   `json:"fetched"` // of them in this run
	Seconds float64 `json:"seconds"`
}

func (Listed) event()   {}
func (Progress) event() {}
func (Retry) event()    {}
func (Stored) event()   {}
func (Done) event()     {}

// Interrupted is the error of a download whose context was cancelled. What has
// come is kept.
type Interrupted struct{ Bytes, Total int64 }

func (e *Interrupted) Error() string {
	if e.Total == 0 {
		return "download: interrupted before anything was fetched"
	}
	return fmt.Sprintf("download: interrupted; %d of %d bytes are kept, and the same command goes on from there", e.Bytes, e.Total)
}

func (e *Interrupted) Unwrap() error { return context.Canceled }

// Run fetches a model. The last event is Done.
func Run(ctx context.Context, n hub.Name, o Options) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		inner, cancel := context.WithCancel(ctx)
		defer cancel()
		d, err := begin(n, o)
		if err != nil {
			yield(nil, err)
			return
		}
		end := make(chan error, 1)
		go func() { end <- d.all(inner) }()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		open, told := true, int64(-1)
		say := func(e Event) {
			if open && !yield(e, nil) {
				open = false
				cancel()
			}
		}
		for {
			select {
			case e := <-d.events:
				say(e)
			case <-tick.C:
				if got := d.got.Load(); got != told && d.total.Load() > 0 {
					told = got
					say(d.progress())
				}
			case err := <-end:
				switch {
				case open && err == nil:
					say(d.done)
				case open && ctx.Err() != nil && errors.Is(err, context.Canceled):
					yield(nil, &Interrupted{d.got.Load(), d.total.Load()})
				case open:
					yield(nil, err)
				}
				return
			}
		}
	}
}

// download is one run.
type download struct {
	Options
	hub.Name
	*client
	events  chan Event
	began   time.Time
	current atomic.Pointer[string] // the file that is being fetched
	got     atomic.Int64           // bytes of the missing files that are on the disk
	resumed atomic.Int64           // of them, those that were there before
	total   atomic.Int64
	done    Done
}

func begin(n hub.Name, o Options) (*download, error) {
	if n.Revision == "" {
		n.Revision = hub.Main
	}
	if _, ok := hub.ParseName(hub.Name{Repo: n.Repo, Revision: n.Revision}.String()); !ok {
		return nil, fmt.Errorf("download: %q is no name of a model: want owner/name, or owner/name@revision", n)
	}
	if o.Parallel < 0 {
		return nil, fmt.Errorf("download: %d requests at a time: want 1 or more", o.Parallel)
	}
	for _, x := range []struct {
		at    *int64
		usual int64
	}{{&o.chunk, 4 << 20}, {(*int64)(&o.pause), int64(time.Second)}, {(*int64)(&o.stall), int64(30 * time.Second)}} {
		if *x.at == 0 {
			*x.at = x.usual
		}
	}
	if o.Parallel == 0 {
		o.Parallel = 8
	}
	d := &download{Options: o, Name: n, events: make(chan Event), began: time.Now()}
	c, err := newClient(o, func(r Retry) { d.events <- r })
	d.client = c
	return d, err
}

func (d *download) progress() Progress {
	p := Progress{Bytes: d.got.Load(), Total: d.total.Load()}
	if name := d.current.Load(); name != nil {
		p.File = *name
	}
	if s := time.Since(d.began).Seconds(); s > 0 {
		p.Speed = float64(p.Bytes-d.resumed.Load()) / s
	}
	if p.Speed > 0 {
		p.ETA = time.Duration(float64(p.Total-p.Bytes) / p.Speed * float64(time.Second))
	}
	return p
}

// all is the whole work. It runs beside the loop that yields.
func (d *download) all(ctx context.Context) error {
	commit, files, err := d.list(ctx)
	if err != nil {
		return err
	}
	s := snapshot{Name: d.Name, commit: commit}
	var missing int64
	for _, f := range files {
		d.done.Bytes += f.Size
		if f.Here = s.has(f); !f.Here {
			missing += f.Size
		}
	}
	d.events <- Listed{d.Repo, commit, files, missing}
	d.done.Commit, d.done.Files, d.done.Path = commit, len(files), s.means(files)
	if d.DryRun {
		return nil
	}
	if err := room(s.Folder(), missing-s.begun(files)); err != nil {
		return err
	}
	d.total.Store(missing)
	d.began = time.Now()
	for _, f := range files {
		if f.Here {
			continue
		}
		d.current.Store(&f.Name)
		if err := d.file(ctx, &s, f); err != nil {
			return err
		}
		d.events <- Stored{f, s.path(f)}
	}
	if err := s.setRef(); err != nil {
		return err
	}
	d.done.Fetched, d.done.Seconds = d.got.Load()-d.resumed.Load(), time.Since(d.began).Seconds()
	return nil
}

// means is what the name means on this machine: the folder, or the one file.
func (s *snapshot) means(files []*File) string {
	if s.File != "" || len(files) == 1 && strings.HasSuffix(files[0].Name, ".gguf") {
		return s.path(files[0])
	}
	return s.dir()
}

// room refuses what the disk cannot hold.
func room(dir string, need int64) error {
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
	}
	if free, ok := free(dir); ok && free < need {
		return fmt.Errorf("download: %d bytes are missing, and the disk of %s has room for %d: make room, or set HF_HUB_CACHE to a folder on another", need, dir, free)
	}
	return nil
}
