package language

import "strings"

// Difference is one line of the difference of two rendered configurations.
// Context lines are the headers of sections that are in both.
type Difference struct {
	Sign byte   // '+' only in the second, '-' only in the first, ' ' context
	Line string // with its indentation
	Deep int    // how many sections it stands in
}

// node is a line with what stands below it.
type node struct {
	line     string
	key      string // what is compared: fold of line with `ignorecase`
	children []*node
}

// Compare gives the difference of two rendered configurations, section by
// section, in the order of the lines. Separators and `end` do not count. A
// section that is only in one of them is there with all its lines.
func Compare(first, second []string, ignoreCase bool) []Difference {
	var out []Difference
	merge(&out, tree(first, ignoreCase).children, tree(second, ignoreCase).children, 0)
	return out
}

// tree makes sections of lines by their indentation. Lines between the
// delimiters of a banner belong to it.
func tree(lines []string, fold bool) *node {
	root := &node{}
	path := []*node{root}
	depth := []int{-1}
	var banner *node
	delimiter := ""
	for _, line := range lines {
		t := strings.TrimSpace(line)
		if banner != nil {
			n := newNode(line, fold)
			if line == "" {
				n = newNode(" ", fold) // an empty line is one
			}
			banner.children = append(banner.children, n)
			if t == delimiter {
				banner = nil
			}
			continue
		}
		if t == "" || t == "!" || t == "end" {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		for depth[len(depth)-1] >= indent {
			path, depth = path[:len(path)-1], depth[:len(depth)-1]
		}
		n := newNode(line, fold)
		up := path[len(path)-1]
		up.children = append(up.children, n)
		path, depth = append(path, n), append(depth, indent)
		if w := strings.Fields(t); indent == 0 && len(w) == 3 && w[0] == "banner" {
			banner, delimiter = n, w[2]
		}
	}
	return root
}

func newNode(line string, fold bool) *node {
	n := &node{line: line, key: line}
	if fold {
		n.key = strings.ToLower(line)
	}
	return n
}

// merge prints what is only in a, what is only in b, and what differs below
// lines that are in both.
func merge(out *[]Difference, a, b []*node, deep int) {
	i, j := 0, 0
	for _, p := range append(common(a, b, same), [2]int{len(a), len(b)}) {
		change(out, a[i:p[0]], b[j:p[1]], deep)
		i, j = p[0], p[1]
		if i < len(a) && j < len(b) {
			below(out, a[i], b[j], deep)
			i, j = i+1, j+1
		}
	}
}

// change prints what stands between two common lines: a line that goes beside
// the line of the same command that comes.
func change(out *[]Difference, a, b []*node, deep int) {
	i, j := 0, 0
	for _, p := range append(common(a, b, sameCommand), [2]int{len(a) - 1, len(b) - 1}) {
		for ; i <= p[0]; i++ {
			whole(out, '-', a[i], deep)
		}
		for ; j <= p[1]; j++ {
			whole(out, '+', b[j], deep)
		}
	}
}

func sameCommand(a, b *node) bool {
	return command(a.line) == command(b.line)
}

// command is the words of a line that name it: two, or one if it has two.
func command(line string) string {
	first, rest, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
	if second, _, more := strings.Cut(rest, " "); more {
		return first + " " + second
	}
	return first
}

// below compares two sections of the same header.
func below(out *[]Difference, a, b *node, deep int) {
	var inner []Difference
	merge(&inner, a.children, b.children, deep+1)
	if len(inner) > 0 {
		*out = append(append(*out, Difference{' ', b.line, deep}), inner...)
	}
}

func whole(out *[]Difference, sign byte, n *node, deep int) {
	*out = append(*out, Difference{sign, n.line, deep})
	for _, c := range n.children {
		whole(out, sign, c, deep+1)
	}
}

// common pairs the lines that are in both lists, in order: a longest common
// subsequence, computed on what is left after equal beginnings and ends. Where
// that would be too much work, lines are paired greedily: the result is longer
// but no less true.
func common(a, b []*node, same func(x, y *node) bool) [][2]int {
	var pairs [][2]int
	lo := 0
	for lo < len(a) && lo < len(b) && same(a[lo], b[lo]) {
		pairs = append(pairs, [2]int{lo, lo})
		lo++
	}
	x, y := len(a), len(b)
	for x > lo && y > lo && same(a[x-1], b[y-1]) {
		x, y = x-1, y-1
	}
	pairs = append(pairs, middle(a, b, lo, x, y, same)...)
	for ; x < len(a); x, y = x+1, y+1 {
		pairs = append(pairs, [2]int{x, y})
	}
	return pairs
}

// maxTable bounds the table of the longest common subsequence, in cells.
const maxTable = 4 << 20

func middle(a, b []*node, lo, x, y int, same func(x, y *node) bool) [][2]int {
	n, m := x-lo, y-lo
	if n == 0 || m == 0 {
		return nil
	}
	if n*m > maxTable {
		return greedy(a, b, lo, x, y, same)
	}
	w := m + 1
	t := make([]int32, (n+1)*w) // t[i*w+j]: the longest behind i and j
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same(a[lo+i], b[lo+j]) {
				t[i*w+j] = t[(i+1)*w+j+1] + 1
			} else {
				t[i*w+j] = max(t[(i+1)*w+j], t[i*w+j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case same(a[lo+i], b[lo+j]):
			pairs = append(pairs, [2]int{lo + i, lo + j})
			i, j = i+1, j+1
		case t[(i+1)*w+j] >= t[i*w+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

func greedy(a, b []*node, lo, x, y int, same func(x, y *node) bool) [][2]int {
	where := map[string]int{}
	for j := y - 1; j >= lo; j-- {
		where[b[j].key] = j // the first of equal lines
	}
	var pairs [][2]int
	from := lo
	for i := lo; i < x; i++ {
		if j, ok := where[a[i].key]; ok && j >= from && same(a[i], b[j]) {
			pairs = append(pairs, [2]int{i, j})
			from = j + 1
		}
	}
	return pairs
}

// same: the same header makes the same section, whatever stands below it. A
// banner is the same only as a whole.
func same(a, b *node) bool {
	if a.key != b.key {
		return false
	}
	if !strings.HasPrefix(a.line, "banner ") {
		return true
	}
	if len(a.children) != len(b.children) {
		return false
	}
	for i := range a.children {
		if a.children[i].key != b.children[i].key {
			return false
		}
	}
	return true
}
