package custom

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
)

// maxPicture bounds a picture that is read, in bytes: the largest directory has
// 800 x 480 pixels of 3 bytes.
const maxPicture = 4 << 20

// look reads a picture of a directory to its end and says what is wrong with it:
// a phone draws nothing of one that is damaged. deep says what it has that the
// screen does not show: phones draw it with fewer colours. The size stands in
// front of the pixels and is checked first, so that no file of a few bytes makes
// room for a picture of a million. [RFC 2083; phone administration guides, PNG
// File Requirements for Custom Background Images]
func (l *Lists) look(path string, width, height, depth int) (deep string, wrong error) {
	w, h := l.size(path)
	if w != width || h != height {
		return "", fmt.Errorf("%d x %d, phones draw %d x %d", w, h, width, height)
	}
	f, err := l.Flash.Open(path)
	if err != nil {
		return "", errors.New("it cannot be read")
	}
	defer f.Close()
	if f.Size > maxPicture {
		return "", fmt.Errorf("%d bytes, pictures of %d x %d have at most %d", f.Size, width, height, maxPicture)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxPicture))
	if err != nil {
		return "", errors.New("it cannot be read")
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return "", errors.New("it is no whole PNG")
	}
	return deeper(img, depth), nil
}

// deeper says what a picture has beyond a screen of a depth in bits: 1 and 4 are
// shades of grey, 12 and 16 are colours with 4 bits, or 5 and 6, of each part.
func deeper(img image.Image, depth int) string {
	if depth >= 24 {
		return ""
	}
	r := img.Bounds()
	var levels [3]map[uint8]bool
	for i := range levels {
		levels[i] = map[uint8]bool{}
	}
	coloured := false
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue, _ := img.At(x, y).RGBA()
			coloured = coloured || red>>8 != green>>8 || green>>8 != blue>>8
			levels[0][uint8(red>>8)], levels[1][uint8(green>>8)], levels[2][uint8(blue>>8)] = true, true, true
		}
	}
	shades := map[int][3]int{1: {2, 2, 2}, 4: {16, 16, 16}, 12: {16, 16, 16}, 16: {32, 64, 32}}[depth]
	if depth <= 4 && coloured {
		return fmt.Sprintf("it has colours, phones draw %d shades of grey", shades[0])
	}
	for i, l := range levels {
		if len(l) > shades[i] && depth <= 4 {
			return fmt.Sprintf("it has %d shades of grey, phones draw %d", len(l), shades[i])
		}
		if len(l) > shades[i] {
			return fmt.Sprintf("it has more than the %d colours that phones draw", shades[0]*shades[1]*shades[2])
		}
	}
	return ""
}
