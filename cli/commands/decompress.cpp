// pymemflow decompress FILE: writes a compressed capture as a capture to a new file.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "cli/captures/compression.h"
#include "cli/commands/commands.h"
#include "cli/console/counts.h"

namespace pymemflow::cli {
namespace {

struct Arguments {
  std::string compressed;
  std::string output;
};

int run(const Arguments& arguments) {
  constexpr std::string_view kSuffix = kCompressedSuffix;
  const std::string& from = arguments.compressed;
  std::string output = arguments.output;
  if (output.empty()) {
    if (!from.ends_with(kSuffix) || from.size() == kSuffix.size()) {
      return complain(from + ": does not end in " + kCompressedSuffix +
                      "; name the new file with --output");
    }
    output = from.substr(0, from.size() - kSuffix.size());
  }
  std::uint64_t lost = 0;
  if (const Error error = decompress_capture(from, output, lost)) return complain(error);
  if (lost != 0) say(from + ": damaged in " + counted(lost, "place") + "; the rest is restored");
  return 0;
}

}  // namespace

void declare_decompress(Syntax& syntax) {
  const auto arguments = std::make_shared<Arguments>();
  syntax.operand("FILE", arguments->compressed, "a compressed capture; it is kept");
  syntax.text("--output", "FILE", arguments->output,
              "write to FILE, which must not exist; -: standard output; the default is the name "
              "without .pmz");
  syntax.letter('o');
  syntax.action([arguments](const auto&) { return run(*arguments); });
}

}  // namespace pymemflow::cli
