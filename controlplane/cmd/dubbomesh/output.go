package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
)

var formats = []string{"table", "json", "yaml"}

// outputFlag adds -o to a command.
func outputFlag(cmd *cobra.Command) {
	cmd.Flags().StringP("output", "o", formats[0], "table, json or yaml")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

// checkOutput refuses an unknown -o before anything is asked of anybody.
func checkOutput(cmd *cobra.Command, _ []string) error {
	format, _ := cmd.Flags().GetString("output")
	for _, f := range formats {
		if f == format {
			return nil
		}
	}
	return usageError{fmt.Errorf("output format is %q: write table, json or yaml", format)}
}

// say prints what a command has done.
func say(cmd *cobra.Command, format string, args ...any) {
	_, _ = fmt.Fprintf(cmd.OutOrStdout(), format+"\n", args...)
}

// table is what a list looks like for people.
type table[T any] struct {
	header []string
	row    func(T) []string
	none   string // what is said when there is nothing, on standard error
}

// show prints a list as -o says.
func show[T any](cmd *cobra.Command, list []T, t table[T]) error {
	format, _ := cmd.Flags().GetString("output")
	if format == "table" {
		if len(list) == 0 {
			cmd.PrintErrln(t.none)
			return nil
		}
		return t.write(cmd.OutOrStdout(), list)
	}
	if list == nil {
		list = []T{}
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if format == "yaml" {
		if text, err = yaml.JSONToYAML(text); err != nil {
			return err
		}
		text = bytes.Map(visible, text)
	}
	_, err = cmd.OutOrStdout().Write(text)
	return err
}

func (t table[T]) write(out io.Writer, list []T) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, strings.Join(t.header, "\t"))
	for _, item := range list {
		cells := t.row(item)
		for i, cell := range cells {
			cells[i] = shorten(printable(cell), limit(i, len(cells)))
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// printable keeps what others wrote into etcd from moving the terminal's cursor, and an empty cell visible.
func printable(cell string) string {
	if cell == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return visible(r)
	}, cell)
}

// How many characters of a cell a table shows. The last cell of a row may be longer: it widens no other row.
const (
	widest     = 120
	widestLast = 600
)

// limit is how many characters the cell in a column may have.
func limit(column, columns int) int {
	if column == columns-1 {
		return widestLast
	}
	return widest
}

// shorten cuts the middle out of a long cell: names that begin alike often differ at the end. -o json has all of it.
func shorten(cell string, limit int) string {
	runes := []rune(cell)
	if len(runes) <= limit {
		return cell
	}
	tail := limit / 3
	return string(runes[:limit-tail-1]) + "…" + string(runes[len(runes)-tail:])
}

// visible replaces a control character, which could act on a terminal.
func visible(r rune) rune {
	if (r < ' ' && r != '\n') || (r >= 0x7f && r < 0xa0) {
		return ' '
	}
	return r
}
