// pymemflow manual: prints the manual page in the language of man(7), from the tables of commands
// and options.

#include <cctype>
#include <cstdio>
#include <string>

#include "cli/commands/commands.h"
#include "options/options.h"

namespace pymemflow::cli {
namespace {

// Escapes text so that dashes stay dashes and a leading dot is not a request.
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
  // A sentence that begins with a value keeps its case: "frame: ...".
  const bool begins_with_value = sentence.find(':') < sentence.find(' ');
  if (!begins_with_value) sentence[0] = static_cast<char>(std::toupper(sentence[0]));
  return plain(sentence) + ".\n";
}

std::string options_text(const Syntax& syntax) {
  std::string text;
  for (const Option& option : syntax.options()) {
    text += ".TP\n";
    if (option.letter != '\0') text += "\\fB\\-" + std::string(1, option.letter) + "\\fR, ";
    text += "\\fB" + plain(option.name) + "\\fR";
    if (!option.is_flag()) text += " \\fI" + plain(option.value) + "\\fR";
    text += "\n" + sentence_of(option.sentence);
  }
  return text;
}

// "\n[options] CAPTURE".
std::string arguments_text(const Syntax& syntax) {
  const std::string options = syntax.options().empty() ? "" : "[options]";
  const std::string operands = plain(operands_text(syntax));
  const std::string both = options + (options.empty() || operands.empty() ? "" : " ") + operands;
  return both.empty() ? both : "\n" + both;
}

std::string synopsis_of(const Command& command, const Syntax& syntax) {
  return ".B pymemflow " + plain(std::string(command.name)) + arguments_text(syntax) + "\n";
}

std::string commands_text() {
  std::string text = ".SH COMMANDS\n";
  for (const Command& command : kCommands) {
    const Syntax syntax = syntax_of(command);
    text += ".SS " + plain(std::string(command.name)) + "\n" + synopsis_of(command, syntax) +
            ".PP\n" + sentence_of(command.sentence) + options_text(syntax) +
            ".PP\nExamples:\n.nf\n.RS\n";
    for (const std::string& line : examples_of(command)) text += plain(line) + "\n";
    text += ".RE\n.fi\n";
  }
  return text;
}

std::string environment_text() {
  std::string text =
      ".SH ENVIRONMENT\nThe options of recording and of reports can also be set in the "
      "environment. "
      "The command line takes precedence.\n";
  for (std::size_t row = 0; row < kOptionCount; ++row) {
    std::string name = "PYMEMFLOW_";
    for (const char* c = kOptions[row].name; *c != '\0'; ++c) {
      name += *c == '-' ? '_' : static_cast<char>(std::toupper(*c));
    }
    text += ".TP\n\\fB" + name + "\\fR=\\fI" + plain(kOptions[row].value) + "\\fR\n" +
            sentence_of((kOptions[row].is_on ? "0: " : "") + std::string(kOptions[row].sentence));
  }
  return text + ".TP\n\\fBNO_COLOR\\fR\nIf set and not empty, the output has no colours.\n";
}

constexpr char kDescription[] =
    ".SH DESCRIPTION\n"
    "Traces every call to the C allocator of a program, together with the line of Python that made "
    "it, or the calling C function if no Python code was running. Prints the calls and the "
    "distributions of their "
    "sizes in the format of the DTrace script py_flow_malloc_free.d. Needs neither DTrace nor "
    "privileges nor a special build of Python.\n";

constexpr char kLeaks[] =
    ".SH LEAKS\n"
    "A leak is a block of the C allocator that is live at the end of the process, after the "
    "interpreter has finalised and the last destructor has run. Exempt are blocks that were "
    "allocated while a module was being imported, blocks that the standard library keeps for the "
    "life of the process (classes, codecs, loaded libraries, the environment), and blocks that the "
    "interpreter, the C library and the loader allocated for themselves with no Python code "
    "running.\n"
    ".PP\n"
    "The verdict says how much memory was exempt, and why.\n";

constexpr char kStatus[] =
    ".SH EXIT STATUS\n"
    ".TP\n0\nSuccess; for a gate: within the limits.\n"
    ".TP\n1\nOver a limit, or grown by more than allowed; for the doctor: can be traced in part.\n"
    ".TP\n2\nThe command failed, or its usage was wrong: one line on standard error says why.\n"
    ".PP\n"
    "If the command ran a program whose exit status is not 0, it returns that status, or 128+n if "
    "signal n ended the program.\n";

int run() {
  std::string text = ".TH PYMEMFLOW 1 \"\" \"pymemflow " PMF_VERSION
                     "\" \"User Commands\"\n"
                     ".SH NAME\npymemflow \\- trace the malloc and free calls of Python programs\n"
                     ".SH SYNOPSIS\n";
  std::string line_end;
  for (const Command& command : kCommands) {
    text += line_end + synopsis_of(command, syntax_of(command));
    line_end = ".br\n";
  }
  text += kDescription + commands_text() + kLeaks + environment_text() + kStatus;
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

void declare_manual(Syntax& syntax) {
  syntax.action([](const auto&) { return run(); });
}

}  // namespace pymemflow::cli
