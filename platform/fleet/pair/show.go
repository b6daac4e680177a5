package pair

import (
	"fmt"
	"time"

	"option150/platform/columns"
)

// maxShown is how many files are listed.
const maxShown = 50

// Table is that of Show: the files that are not here yet.
var Table = columns.New("%-48s  %12s  %s", "File", "Bytes", "State")

// Show is `show fleet flash`.
func Show(s State, now time.Time) *columns.Page {
	w := &columns.Page{}
	switch {
	case s.Leader == "":
		return columns.Empty("This box follows no other: its files are its own\n")
	case !s.Heard:
		return columns.Text(fmt.Sprintf("Files of box %s: it has published no list that this box has seen\n", s.Leader))
	}
	fmt.Fprintf(w, "Files of box %s: %d, %s; %d here as they are there, %d not\n", s.Leader, s.Files, size(s.Bytes), s.Same, len(s.Open))
	if s.Fetched > 0 {
		fmt.Fprintf(w, "Fetched since it is followed: %d, %s\n", s.Fetched, size(s.Octets))
	}
	if s.Why != "" {
		fmt.Fprintf(w, "Nothing can be fetched: %s\n", s.Why)
	}
	if s.Refused > 0 {
		fmt.Fprintf(w, "Of its list %d are no firmware, locale, ring tone or picture by their names: left alone\n", s.Refused)
	}
	if s.More > 0 {
		fmt.Fprintf(w, "Beyond its list it has %d more\n", s.More)
	}
	if len(s.Open) == 0 {
		w.Add(columns.Empty(""))
		return w
	}
	t := w.Table(Table)
	for i, p := range s.Open {
		if i == maxShown {
			fmt.Fprintf(w, "and %d more\n", len(s.Open)-i)
			break
		}
		state := "waits"
		switch {
		case p.Have >= 0:
			state = fmt.Sprintf("%d %% has come", 100*p.Have/max(p.Size, 1))
		case p.Why != "":
			state = p.Why
			if d := p.Next.Sub(now); d > 0 {
				state += fmt.Sprintf("; again in %d s", d/time.Second)
			}
		case p.Other:
			state = "waits, the one here is another"
		}
		t.Row(p.Path, p.Size, state)
	}
	return w
}

func size(n int64) string {
	switch {
	case n < 10<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 10<<20:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d MB", n>>20)
}
