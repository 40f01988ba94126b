#include "interpose/facts.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "interpose/definition_stream.h"
#include "interpose/definitions.h"
#include "interpose/platform/platform.h"

namespace pymemflow::interpose {
namespace {

// A command line may have megabytes; of such a one the beginning is kept.
constexpr std::size_t kMaxCommandLine = 8192;

void define_command_line(DefinitionStream& stream) {
  struct CommandLine {
    char text[kMaxCommandLine];
    std::size_t used = 0;
  } line;
  platform::visit_content(
      "/proc/self/cmdline",
      [](const char* bytes, std::size_t size, void* context) {
        auto& [text, used] = *static_cast<CommandLine*>(context);
        const std::size_t taken = std::min(size, sizeof text - used);
        std::memcpy(text + used, bytes, taken);
        used += taken;
      },
      &line);
  define_fact(stream, FactKind::CommandLine, {line.text, line.used});
}

}  // namespace

std::uint64_t write_facts(const pyframe::Interpreter& interpreter,
                          const CaptureSettings& settings) {
  DefinitionStream stream{};
  define_command_line(stream);
  define_fact(stream, FactKind::PythonVersion, interpreter.version);
  char host[512];
  define_fact(stream, FactKind::Host, {host, platform::describe_host(host)});
  define_fact(stream, FactKind::Options, settings.options);
  stream.finish();
  return stream.blocks();
}

}  // namespace pymemflow::interpose
