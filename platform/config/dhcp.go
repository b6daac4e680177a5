package config

func (c *Config) dhcpRules(f Facts) []Problem { return nil }
