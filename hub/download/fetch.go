package download

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

// file fetches one file into the cache.
func (d *download) file(ctx context.Context, s *snapshot, f *File) error {
	unlock, err := s.lock(ctx, f)
	if err != nil {
		return err
	}
	defer unlock()
	if s.hasBlob(f) { // another process, or another revision, has it
		d.got.Add(f.Size)
		d.resumed.Add(f.Size)
		return s.link(f, copyFile)
	}
	w, err := s.open(f)
	if err != nil {
		return err
	}
	defer w.Close()
	err = d.fill(ctx, s, f, w)
	var wrong *wrongHash
	if errors.As(err, &wrong) && w.resumed > 0 { // what was there before may have been the fault
		if err = w.restart(); err == nil {
			err = d.fill(ctx, s, f, w)
		}
	}
	if err != nil {
		if errors.As(err, &wrong) {
			_ = w.Close()
			_ = os.Remove(w.Name())
		}
		return err
	}
	return s.store(f, w)
}

// fill fetches what is missing of a file and checks the whole.
func (d *download) fill(ctx context.Context, s *snapshot, f *File, w *partial) error {
	before := d.got.Load()
	d.got.Add(w.size)
	d.resumed.Add(w.size)
	err := d.fetch(ctx, s.commit, f, w.size, func(p []byte) error {
		_, err := w.Write(p)
		d.got.Add(int64(len(p)))
		return err
	})
	if err != nil {
		return err
	}
	if sum := w.sum(); sum != f.Hash {
		d.got.Store(before)
		d.resumed.Add(-w.resumed)
		return &wrongHash{f.Name, sum, f.Hash}
	}
	return nil
}

// wrongHash is the error of a file that is not what the hub says it is.
type wrongHash struct{ name, have, want string }

func (e *wrongHash) Error() string {
	return fmt.Sprintf("download: %s: what came has the hash %s, and the hub says %s: it was changed on its way, and is thrown away", e.name, e.have, e.want)
}

// fetch hands over a file from an offset on, in its order. Where the server
// knows ranges, several are on their way at once.
func (d *download) fetch(ctx context.Context, commit string, f *File, from int64, w func([]byte) error) error {
	address := d.address(commit, f)
	err := d.ranges(ctx, address, f, &from, w)
	if errors.Is(err, errNoRanges) {
		err = d.whole(ctx, address, f, &from, w)
	}
	return err
}

var errNoRanges = errors.New("the server sends whole files only")

// part is a range of a file on its way.
type part struct {
	lo, hi int64
	data   []byte
	err    error
	done   chan struct{}
}

// ranges fetches in parts of d.chunk bytes. Each part that has come is written
// when all before it are: of one that failed, what it has.
func (d *download) ranges(ctx context.Context, address string, f *File, from *int64, w func([]byte) error) error {
	var group sync.WaitGroup
	defer group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pending := make(chan *part, d.Parallel-1)
	first := *from
	group.Go(func() {
		defer close(pending)
		for lo := first; lo < f.Size; lo += d.chunk {
			p := &part{lo: lo, hi: min(lo+d.chunk, f.Size), done: make(chan struct{})}
			select {
			case pending <- p:
			case <-ctx.Done():
				return
			}
			group.Go(func() {
				p.err = d.part(ctx, address, f, p)
				close(p.done)
			})
			if lo == first { // it tells whether there are ranges at all
				<-p.done
			}
		}
	})
	for p := range pending {
		<-p.done
		if len(p.data) > 0 {
			if err := w(p.data); err != nil {
				return err
			}
			*from += int64(len(p.data))
		}
		if p.err != nil {
			return p.err
		}
	}
	return ctx.Err()
}

// part fetches one range, in as many requests as it takes.
func (d *download) part(ctx context.Context, address string, f *File, p *part) error {
	p.data = make([]byte, 0, p.hi-p.lo)
	return d.retry(ctx, f.Name, func() (bool, error) {
		had := len(p.data)
		err := d.watched(ctx, func(ctx context.Context) (*http.Response, error) {
			return d.get(ctx, address, f, p.lo+int64(had), p.hi)
		}, func(resp *http.Response, body io.Reader) error {
			if err := checkRange(resp, p.lo+int64(had), p.hi, f.Size); err != nil {
				return err
			}
			n, err := io.ReadFull(body, p.data[had:cap(p.data)])
			p.data = p.data[:had+n]
			return cut(err, p.lo+int64(had+n), f.Size)
		})
		return len(p.data) > had, err
	})
}

// cut says where a body ended too early.
func cut(err error, at, size int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the connection was cut at byte %d of %d", at, size)
	}
	return err
}

// get asks for bytes lo … hi of a file, where it was last found.
func (d *download) get(ctx context.Context, address string, f *File, lo, hi int64) (*http.Response, error) {
	var header []string
	if lo > 0 || hi < f.Size {
		header = []string{"Range", fmt.Sprintf("bytes=%d-%d", lo, hi-1)}
	}
	at := address
	if l := f.location.Load(); l != nil {
		at = *l
	}
	resp, err := d.send(ctx, http.MethodGet, at, header...)
	if err != nil {
		var status *statusError
		if at != address && errors.As(err, &status) { // its signature may be too old
			f.location.Store(nil)
			return nil, fmt.Errorf("%w; asking the hub again", errors.New(status.text))
		}
		return nil, err
	}
	if u := resp.Request.URL; u.String() != address && !sameOrigin(u, d.endpoint) {
		there := u.String()
		f.location.Store(&there)
	}
	return resp, nil
}

// checkRange holds an answer against what was asked for.
func checkRange(resp *http.Response, lo, hi, size int64) error {
	if lo == 0 && hi == size && resp.StatusCode == http.StatusOK {
		if n := resp.ContentLength; n >= 0 && n != size {
			return final(fmt.Errorf("%s sends %d bytes, and the hub says %d", resp.Request.URL.Host, n, size))
		}
		return nil
	}
	if resp.StatusCode == http.StatusOK {
		return final(errNoRanges)
	}
	first, last, total, ok := contentRange(resp.Header.Get("Content-Range"))
	if resp.StatusCode != http.StatusPartialContent || !ok || first != lo || last != hi-1 || total >= 0 && total != size {
		return final(fmt.Errorf("%s sends the range %q, and %d-%d of %d was asked for", resp.Request.URL.Host, clip(resp.Header.Get("Content-Range")), lo, hi-1, size))
	}
	return nil
}

// contentRange reads "bytes 0-9/100", in which the total may be a star.
func contentRange(s string) (first, last, total int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, of, cut := strings.Cut(s, "/")
	a, b, dash := strings.Cut(span, "-")
	first, e1 := strconv.ParseInt(a, 10, 64)
	last, e2 := strconv.ParseInt(b, 10, 64)
	total, e3 := int64(-1), error(nil)
	if of != "*" {
		total, e3 = strconv.ParseInt(of, 10, 64)
	}
	return first, last, total, ok && cut && dash && errors.Join(e1, e2, e3) == nil && first >= 0
}

// whole fetches from a server that knows no ranges: what is here already is
// read once more and dropped.
func (d *download) whole(ctx context.Context, address string, f *File, from *int64, w func([]byte) error) error {
	buf := make([]byte, 1<<18)
	return d.retry(ctx, f.Name, func() (further bool, err error) {
		err = d.watched(ctx, func(ctx context.Context) (*http.Response, error) {
			return d.get(ctx, address, f, 0, f.Size)
		}, func(resp *http.Response, body io.Reader) error {
			if err := checkRange(resp, 0, f.Size, f.Size); err != nil {
				return err
			}
			if n, err := io.CopyN(io.Discard, body, *from); err != nil {
				return cut(err, n, f.Size)
			}
			for *from < f.Size {
				n, err := body.Read(buf[:min(int64(len(buf)), f.Size-*from)])
				if n > 0 {
					if e := w(buf[:n]); e != nil {
						return final(e)
					}
					*from, further = *from+int64(n), true
				}
				if err != nil && *from < f.Size {
					return cut(err, *from, f.Size)
				}
			}
			return nil
		})
		return further, err
	})
}

// partial is a file that is not yet whole: a true beginning of it, whose hash
// is known.
type partial struct {
	*os.File
	git     bool  // hashed as Git does it
	want    int64 // the size of the whole
	size    int64
	resumed int64 // of it, what was there before
	hash    hash.Hash
}

func (p *partial) Write(b []byte) (int, error) {
	n, err := p.File.Write(b)
	p.hash.Write(b[:n])
	p.size += int64(n)
	return n, err
}

// read takes up what an earlier run has left.
func (p *partial) read() error {
	p.reset()
	n, err := io.Copy(p.hash, io.LimitReader(p.File, p.want))
	if err != nil {
		return err
	}
	if err := p.File.Truncate(n); err != nil { // more than the whole is none of it
		return err
	}
	p.size, p.resumed = n, n
	_, err = p.Seek(n, io.SeekStart)
	return err
}

func (p *partial) restart() error {
	p.reset()
	p.size, p.resumed = 0, 0
	if err := p.File.Truncate(0); err != nil {
		return err
	}
	_, err := p.Seek(0, io.SeekStart)
	return err
}

// reset begins the hash: SHA-256, or Git's SHA-1, which covers the kind and
// the size of a blob before its bytes.
func (p *partial) reset() {
	if !p.git {
		p.hash = sha256.New()
		return
	}
	p.hash = sha1.New()
	fmt.Fprintf(p.hash, "blob %d\x00", p.want)
}

func (p *partial) sum() string { return hex.EncodeToString(p.hash.Sum(nil)) }
