package archive

// Config is the `archive` section of the configuration.
type Config struct {
	Path        string // "flash:archive/$h-cfg", "" = the archive is off
	Maximum     int    // copies kept, 1 to 14
	WriteMemory bool   // `write-memory`: a copy with every write memory
	Period      int    // `time-period`: minutes between copies, 0 = none
	Log         LogConfig
}

// LogConfig is `log config` below archive.
type LogConfig struct {
	Enabled  bool
	Size     int  // commands kept, 1 to 1000
	Notify   bool // `notify syslog`
	HideKeys bool
}

// The defaults of the configuration. [facts/ios-cli.md 1.9]
const (
	DefaultMaximum = 10
	DefaultLogSize = 100
)

// Default is the factory configuration: nothing is kept.
func Default() Config {
	return Config{Maximum: DefaultMaximum, Log: LogConfig{Size: DefaultLogSize}}
}
