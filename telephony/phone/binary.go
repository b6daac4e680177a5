package phone

import "strings"

// BinaryType is a device type that asks for a .cnf file because it does not read
// XML. The layout of those files is not published.
type BinaryType struct {
	Type string // as CUCM calls it, "MODEL_12SP"
	Name string // for people, "Cisco 12 SP"
	ID   int    // device id, 0 = not in the tables this box has
}

// binaryTypes is the table of the service parameter Build CNF Files. [source 004,
// Table 11-1; ids: models.toml and what chan-sccp lists]
var binaryTypes = [...]BinaryType{
	{"MODEL_30SPP", "Cisco 30 SP+", 1},
	{"MODEL_12SPP", "Cisco 12 SP+", 2},
	{"MODEL_12SP", "Cisco 12 SP", 3},
	{"MODEL_12S", "Cisco 12 S", 4},
	{"MODEL_30VIP", "Cisco 30 VIP or DPA", 5},
	{"MODEL_IP_CONFERENCE_PHONE", "Cisco 7935", 9},
	{"MODEL_SCCP_PHONE", "SCCP Phone", 20},
	{"MODEL_VEGA", "Analog Access", 0},
	{"MODEL_UONE", "Voice Mail Port", 0},
}

// BinaryTypes is the table, in its order.
func BinaryTypes() []BinaryType { return append([]BinaryType(nil), binaryTypes[:]...) }

// BinaryOf finds the row of a model.
func BinaryOf(m Model) (BinaryType, bool) {
	for _, b := range binaryTypes {
		if b.ID != 0 && b.ID == m.ID {
			return b, true
		}
	}
	return BinaryType{}, false
}

// What Build CNF Files may be. [source 004]
const (
	BuildAll       = "all"
	BuildNone      = "none"
	BuildSelective = "selective" // the default: for the types of the table
)

// ExpectsBinary reports that a .cnf file is expected for a device of that model.
func ExpectsBinary(build string, m Model) bool {
	_, listed := BinaryOf(m)
	return build == BuildAll || build != BuildNone && listed
}

// BinaryFile reports that a name is that of a binary file: SEP001E7A000001.cnf or
// SEPDEFAULT.cnf. SIP001E7A000001.cnf and SIPDefault.cnf are texts.
func BinaryFile(name string) bool {
	if len(name) > maxFileName {
		return false
	}
	rest, ok := strings.CutPrefix(strings.ToLower(baseName(name)), "sep")
	rest, cnf := strings.CutSuffix(rest, ".cnf")
	return ok && cnf && (rest == "default" || len(rest) == hexDigits && allHex(rest))
}
