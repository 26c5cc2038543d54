//go:build linux || darwin

package download

import "golang.org/x/sys/unix"

// free is how many bytes there are for this user on the disk of a folder.
func free(dir string) (int64, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return int64(min(st.Bavail*uint64(st.Bsize), 1<<62)), true
}
