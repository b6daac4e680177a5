package command

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/sshd"
)

// maxChainUsers bounds the users with keys.
const maxChainUsers = 100

// pubkeyChain is `ip ssh pubkey-chain`: the keys users log in with. A key is
// typed as text and kept as its hash. [facts/ios-cli.md 1.14]
func pubkeyChain() []language.Declaration {
	const doc = "facts/ios-cli.md 1.14"
	users := section[sshd.UserKeys, string]{
		list: list[sshd.UserKeys, string]{in: func(c *language.Context) *[]sshd.UserKeys { return &c.Config.SSH.Chain }, key: func(u *sshd.UserKeys) string { return u.User },
			order: strings.Compare, most: maxChainUsers, full: "% Too many users"},
		arg: "user", empty: func(name string) sshd.UserKeys { return sshd.UserKeys{User: name} },
		header: func(u *sshd.UserKeys) string { return "username " + u.User },
	}
	var types []string
	for _, t := range sshd.KeyTypes() {
		types = append(types, fmt.Sprintf("%s$type(%q)", t, t+" key"))
	}
	kinds := strings.Join(types, " | ")
	keys := list[sshd.Key, [2]string]{in: func(c *language.Context) *[]sshd.Key { return &users.at(c).Keys }, key: func(k *sshd.Key) [2]string { return [2]string{k.Type, k.Hash} },
		most: sshd.MaxKeys, full: "% Too many keys"}
	return append([]language.Declaration{{
		Mode: language.Global, Enters: modePubkey, Group: "ip ssh", Doc: doc,
		Syntax: `ip ssh pubkey-chain("pubkey-chain")`,
		Set:    func(*language.Context) error { return nil },
		Unset:  func(c *language.Context) error { c.Config.SSH.Chain = nil; return nil },
		Get:    func(v *language.View) []grammar.Args { return one(len(v.Config.SSH.Chain) > 0) },
	}}, users.of(
		language.Declaration{
			Mode: modePubkey, Enters: modePubkeyUser, Doc: doc,
			Syntax: `username("Enter username") <user:WORD>("Username")`,
			Set: func(c *language.Context) error {
				if len(c.Args.String("user")) > maxUserName {
					return language.Answer("% User name is longer than 64 characters")
				}
				_, err := users.enter(c)
				return err
			},
		},
		language.Declaration{
			Mode: modePubkeyUser, Collects: "conf-ssh-pubkey-data", Doc: doc,
			Syntax: `key-string("Enter the key as text, up to exit or an empty line")`,
			Set: func(c *language.Context) error {
				k, err := sshd.ParseKey(c.Args.String(language.TextArg))
				if err != nil {
					return language.Answer("%SSH: Failed to decode the Key Value (" + strings.TrimPrefix(err.Error(), sshd.ErrKey.Error()+": ") + ")")
				}
				return keys.put(c, k)
			},
		},
		keyed(language.Declaration{
			Mode: modePubkeyUser, Doc: doc,
			Syntax: `key-hash("Enter the key hash") ( ` + kinds + ` ) <hash:WORD>("MD5 hash of the key") [ <comment:LINE>("Comment") ]`,
		}, keys,
			func(a grammar.Args) (sshd.Key, error) {
				h, ok := sshd.CleanHash(a.String("hash"))
				if !ok {
					return sshd.Key{}, language.Answer("%SSH: The key hash is not 32 hexadecimal digits")
				}
				return sshd.Key{Type: a.String("type"), Hash: h, Comment: sshd.CleanComment(a.String("comment"))}, nil
			},
			func(k sshd.Key) grammar.Args {
				a := args("type", k.Type, "hash", k.Hash)
				if k.Comment != "" {
					a["comment"] = k.Comment
				}
				return a
			}),
	)...)
}

// hostKeys are `crypto key generate rsa` and `crypto key zeroize rsa`. Host keys
// exist from the first start on: they are replaced, not made.
// [facts/ios-cli.md 1.14]
func hostKeys(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.14"
	return []language.Declaration{
		{Mode: language.Global, Doc: doc, Run: b.generateKeys,
			Syntax: `crypto("Encryption module")
				key("Long term key operations")
				generate("Generate new keys")
				rsa("Generate RSA keys")
				[ general-keys$general("Generate a general purpose RSA key pair") ]
				[ modulus("Number of modulus bits on the command line")
					<bits:360-4096>("Size of the key modulus") ]`},
		{Mode: language.Global, Doc: doc, Run: b.zeroizeKeys,
			Syntax: `crypto key zeroize("Remove keys") rsa("Remove RSA keys")`},
	}
}

func (b *Box) keyName(in *language.Invocation) string {
	if d := in.Config.Domain; d != "" {
		return in.Config.Hostname + "." + d
	}
	return in.Config.Hostname
}

func (b *Box) generateKeys(in *language.Invocation) error {
	name := b.keyName(in)
	fmt.Fprintf(in.Out, "The name for the keys will be: %s\n", name)
	if len(b.HostKeys.Signers()) > 0 {
		fmt.Fprintf(in.Out, "%% You already have RSA keys defined named %s.\n", name)
		if yes, err := yesNo(in, "% Do you really want to replace them? [yes/no]: "); err != nil || !yes {
			return nil
		}
	}
	bits := in.Args.Int("bits")
	if bits == 0 {
		fmt.Fprintf(in.Out, "Choose the size of the key modulus in the range of %d to %d for your\n  General Purpose Keys. A large modulus may take a few minutes.\n\n", sshd.MinHostKeyBits, sshd.MaxHostKeyBits)
		a, err := in.Op.Ask("How many bits in the modulus [3072]: ")
		if err != nil {
			return nil
		}
		if bits = sshd.HostKeyBits; strings.TrimSpace(a) != "" {
			if bits, err = strconv.Atoi(strings.TrimSpace(a)); err != nil || bits > sshd.MaxHostKeyBits {
				return language.Answer(fmt.Sprintf("%% A decimal number between %d and %d", sshd.MinHostKeyBits, sshd.MaxHostKeyBits))
			}
		}
	}
	if bits < sshd.MinHostKeyBits {
		fmt.Fprintf(in.Out, "%% SSH clients refuse keys of %d bits: %d are used.\n", bits, sshd.MinHostKeyBits)
		bits = sshd.MinHostKeyBits
	}
	fmt.Fprintf(in.Out, "%% The key modulus size is %d bits\n%% Generating %d bit RSA keys, keys will be non-exportable...\n", bits, bits)
	began := time.Now()
	if err := b.HostKeys.Regenerate(bits); err != nil {
		return language.Answer("% The keys could not be made (" + cause(err) + ")")
	}
	fmt.Fprintf(in.Out, "[OK] (elapsed time was %d seconds)\n", int(time.Since(began).Seconds()))
	fmt.Fprintln(in.Out, "% Clients that know the old keys will warn that the key of this box has changed.")
	b.Journal.Record(sshd.KeysMade{})
	return nil
}

func (b *Box) zeroizeKeys(in *language.Invocation) error {
	if len(b.HostKeys.Signers()) == 0 {
		return language.Answer("% No RSA keys to be removed.")
	}
	fmt.Fprintln(in.Out, "% All keys of this box will be removed, and SSH lets nobody in without them.")
	if yes, err := yesNo(in, "Do you really want to remove these keys? [yes/no]: "); err != nil || !yes {
		return nil
	}
	if err := b.HostKeys.Zeroize(); err != nil {
		return language.Answer("% The keys could not be removed (" + cause(err) + ")")
	}
	b.Journal.Record(sshd.KeysRemoved{})
	return nil
}

// yesNo asks until it is answered.
func yesNo(in *language.Invocation, question string) (bool, error) {
	return YesNo(in.Out, func() (string, error) {
		if err := in.Ctx.Err(); err != nil {
			return "", err
		}
		return in.Op.Ask(question)
	})
}

// YesNo asks a question until it is answered with the beginning of yes or no.
// The error is that of ask.
func YesNo(out io.Writer, ask func() (string, error)) (bool, error) {
	for {
		a, err := ask()
		if err != nil {
			return false, err
		}
		switch a = strings.ToLower(strings.TrimSpace(a)); {
		case a != "" && strings.HasPrefix("yes", a):
			return true, nil
		case a != "" && strings.HasPrefix("no", a):
			return false, nil
		}
		fmt.Fprintln(out, "% Please answer 'yes' or 'no'.")
	}
}

// showKeys is `show crypto key mypubkey`.
func showKeys(b *Box) []language.Declaration {
	return []language.Declaration{text(`crypto("Encryption module")
		key("Show long term public keys")
		mypubkey("Show public keys associated with this router")
		( rsa$type("Show RSA public keys")
			| all$type("Show all public keys") )`, privileged, "facts/ios-cli.md 1.14", func(in *language.Invocation) string {
		var w strings.Builder
		for _, k := range b.HostKeys.Public() {
			if in.Args.String("type") == "rsa" && k.Bits == 0 {
				continue
			}
			kind := strings.ToUpper(strings.TrimPrefix(k.Type, "ssh-"))
			fmt.Fprintf(&w, "%% Key pair was generated at: %s\nKey name: %s\nKey type: %s KEYS\n Storage Device: private-config\n Usage: General Purpose Key\n Key is not exportable.\n Key Data:\n", k.Made.UTC().Format("15:04:05 UTC Jan 2 2006"), b.keyName(in), kind)
			w.WriteString(hexBlock(k.PKIX))
		}
		return w.String()
	})}
}

// hexBlock is bytes in rows of eight groups.
func hexBlock(b []byte) string {
	var w strings.Builder
	for i := 0; i < len(b); i += 4 {
		switch {
		case i == 0:
			w.WriteString("  ")
		case i%32 == 0:
			w.WriteString("\n  ")
		default:
			w.WriteByte(' ')
		}
		w.WriteString(strings.ToUpper(hex.EncodeToString(b[i:min(i+4, len(b))])))
	}
	w.WriteString("\n")
	return w.String()
}
