// Package flash is `flash:`: the files of the box below one directory, as the
// operator sees them (dir, delete, rename, mkdir) and as phones ask for them
// (a flat name space over the tree).
//
// Follows facts/files.md 4 and 7.3 for what a name may be and what is
// never opened, facts/phones.md 2.8 for how names are matched, facts/ios-cli.md 1.13 for
// the form of `dir` and `show flash:`.
//
//	name as asked -> CleanName -> Find(home, name): exact path below home,
//	                              the same in any case, then the base name alone
//	                              if only one file of the tree has it
//
// The directory is reached through os.Root alone, so nothing outside it can be
// opened. Below it only regular files are: symbolic links (also those that
// stay inside), FIFOs, devices and directories are refused, and opening never
// blocks. Names that begin with a dot are not part of flash:; temporary files
// have such names.
//
// Files are never changed in place: Create writes a temporary file which is
// fsynced and renamed at Commit, so whoever reads the old one keeps reading
// the old one whole.
//
// Files that appear from outside (a USB stick, scp to the directory) are seen
// at once by their exact path and within Freshness by any other name. One that is
// written to from outside while it is read in pieces ends in ErrChanged.
//
// Fetch, for who serves, reads small files at once and keeps the descriptors of
// those asked for lately: a boot storm then costs a look at the name and a read
// for each request. The content is never kept, so a change is seen at once.
//
// Concurrency: every method may be called from any goroutine.
//
// Failure: wrapped errors of the os package (fs.ErrNotExist, ENOSPC ...) whose
// text carries the name in flash: and never a path of the machine.
//
// Testing: Open on a t.TempDir().
package flash
