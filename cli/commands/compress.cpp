// pymemflow compress CAPTURE: writes a capture in compressed form to a new file.

#include <memory>
#include <string>

#include "cli/captures/compression.h"
#include "cli/commands/commands.h"

namespace pymemflow::cli {
namespace {

struct Arguments {
  std::string capture;
  std::string output;
};

int run(const Arguments& arguments) {
  const std::string output =
      arguments.output.empty() ? arguments.capture + kCompressedSuffix : arguments.output;
  const Error error = compress_capture(arguments.capture, output);
  return error ? complain(error) : 0;
}

}  // namespace

void declare_compress(Syntax& syntax) {
  const auto arguments = std::make_shared<Arguments>();
  syntax.operand("CAPTURE", arguments->capture, "a capture that no longer grows; it is kept");
  syntax.text(
      "--output", "FILE", arguments->output,
      "write to FILE, which must not exist; -: standard output; the default is CAPTURE.pmz");
  syntax.letter('o');
  syntax.action([arguments](const auto&) { return run(*arguments); });
}

}  // namespace pymemflow::cli
