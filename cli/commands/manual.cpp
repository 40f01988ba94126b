// pymemflow manual: the manual page, in the language of man(7). What it says of verbs and options
// comes from where the command line takes it from.

#include <cstdio>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/flags.h"
#include "options/options.h"

namespace pymemflow::cli {
namespace {

// A line of text: no dash becomes a hyphen, and no dot at its start a request.
std::string plain(const std::string& text) {
  std::string out = text.starts_with(".") || text.starts_with("'") ? "\\&" : "";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string sentence_of(const std::string& text) {
  std::string sentence = text;
  // A value that is explained keeps its name.
  const bool begins_with_value = sentence.find(':') < sentence.find(' ');
  if (!begins_with_value) sentence[0] = static_cast<char>(std::toupper(sentence[0]));
  return plain(sentence) + ".\n";
}

std::string options_text(const CLI::App& verb) {
  std::string text;
  for (const OwnOption& option : options_of(verb)) {
    if (option.name == "--help") continue;
    text += ".TP\n\\fB" + plain(option.name) + "\\fR";
    if (!option.value.empty()) text += " \\fI" + plain(option.value) + "\\fR";
    text += "\n" + sentence_of(option.sentence);
  }
  return text;
}

std::string operands(const CLI::App& verb) {
  const std::string text = operands_of(verb);
  return text.empty() ? text : " " + plain(text);
}

const Verb* row_of(const CLI::App& verb) {
  for (const Verb& row : verbs()) {
    if (verb.get_name() == row.name) return &row;
  }
  return nullptr;
}

std::string verbs_text(const CLI::App& command) {
  std::string text = ".SH VERBS\n";
  for (const CLI::App* const verb : verbs_of(command)) {
    const Verb* const row = row_of(*verb);
    text += ".SS " + plain(verb->get_name()) + "\n.B pymemflow " + plain(verb->get_name()) +
            "\n[options]" + operands(*verb) + "\n.PP\n" + sentence_of(verb->get_description()) +
            options_text(*verb);
    if (row == nullptr) continue;
    text += ".PP\nExamples:\n.nf\n.RS\n";
    std::string line = "pymemflow ";
    for (const char* c = row->example;; ++c) {
      if (*c != '\n' && *c != '\0') {
        line += *c;
        continue;
      }
      text += plain(line) + "\n";
      line = "pymemflow ";
      if (*c == '\0') break;
    }
    text += ".RE\n.fi\n";
  }
  return text;
}

std::string environment_text() {
  std::string text =
      ".SH ENVIRONMENT\nEach option of a recording or a report may stand in the environment "
      "instead; "
      "the command line comes first.\n";
  for (std::size_t row = 0; row < kOptionCount; ++row) {
    std::string name = "PYMEMFLOW_";
    for (const char* c = kOptions[row].name; *c != '\0'; ++c) {
      name += *c == '-' ? '_' : static_cast<char>(std::toupper(*c));
    }
    text += ".TP\n\\fB" + name + "\\fR=\\fI" + plain(kOptions[row].value) + "\\fR\n" +
            sentence_of(kOptions[row].sentence);
  }
  return text +
         ".TP\n\\fBNO_COLOR\\fR\nIf it is set and not empty, nothing is printed in colour, not "
         "even on a terminal.\n";
}

constexpr char kDescription[] =
    ".SH DESCRIPTION\n"
    "Records each call of a program's C allocator together with the Python line that runs at that "
    "moment, or, where none runs, the function that called, and prints the calls, and how their "
    "sizes are distributed, as the DTrace script py_flow_malloc_free.d does. It needs no DTrace, "
    "no "
    "privileges and no other Python than the one at hand.\n";

constexpr char kLeaks[] =
    ".SH LEAKS\n"
    "A leak is a block of the C library that is alive when the process has ended, after the "
    "interpreter has finalised and the last destructor has run. Set aside is what was handed out "
    "while a module was being imported, what the standard library keeps for the life of the "
    "process "
    "(classes, codecs, loaded libraries, the environment), and what the interpreter, the C library "
    "and the loader took for themselves with no Python code running.\n"
    ".PP\n"
    "The verdict says how much was set aside, and why.\n";

constexpr char kStatus[] =
    ".SH EXIT STATUS\n"
    ".TP\n0\nDone; of a gate: within the limits.\n"
    ".TP\n1\nOver a limit, or grown by more than it may.\n"
    ".TP\n2\nWhat was asked for cannot be done: one line on standard error says why.\n"
    ".PP\n"
    "A program that was run keeps its own status where that is not 0; 128+n if signal n ended "
    "it.\n";

int run(const CLI::App& command) {
  std::string text = ".TH PYMEMFLOW 1 \"\" \"pymemflow " PMF_VERSION
                     "\" \"User Commands\"\n"
                     ".SH NAME\npymemflow \\- which Python line allocates and frees what\n"
                     ".SH SYNOPSIS\n";
  std::string line_end;
  for (const CLI::App* const verb : verbs_of(command)) {
    text += line_end + ".B pymemflow " + plain(verb->get_name()) + "\n[options]" + operands(*verb) +
            "\n";
    line_end = ".br\n";
  }
  text += kDescription + verbs_text(command) + kLeaks + environment_text() + kStatus;
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

void add_manual_verb(CLI::App& command, Call& call) {
  command.callback([&command, &call] { call.status = run(*command.get_parent()); });
}

}  // namespace pymemflow::cli
