package share

// Config is with whom a box shares its pools, and by which rules. The zero value is a
// box alone.
type Config struct {
	Box     string
	Domain  string
	Servers []string // of the engine: "https://A:2379"

	User, Password       string // there
	CA, Certificate, Key string // files in nvram:, PEM

	Lead     int64 // seconds, see Rules
	OwnShare bool

	// ByHost: the name is the host name; nobody gave it to the box for the others.
	ByHost bool

	Waits string // pools are to be shared, and that keeps the box from it; "" = nothing does
}

// On reports whether pools are shared, or are to be.
func (c Config) On() bool { return c.Box != "" || c.Waits != "" }
