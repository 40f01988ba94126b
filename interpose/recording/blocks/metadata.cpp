#include "interpose/recording/blocks/metadata.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "interpose/recording/blocks/definition_stream.h"
#include "interpose/recording/blocks/definitions.h"
#include "platform/loader.h"
#include "platform/process.h"
#include "pyframe/layouts/published_offsets.h"

namespace pymemflow::interpose {
namespace {

// A forked child writes its metadata inside a hook, so the parts that need the loader are collected
// once.
constinit char allocators[2048];
constinit std::size_t allocators_bytes = 0;

void note_allocator(const char* path, void*, void*) {
  const std::string_view line = path;
  if (line.size() + 1 > sizeof allocators - allocators_bytes) return;
  std::memcpy(allocators + allocators_bytes, line.data(), line.size());
  allocators_bytes += line.size();
  allocators[allocators_bytes++] = '\n';
}

std::string_view layout_text(const pyframe::Interpreter& interpreter) {
  if (!pyframe::is_known(interpreter)) return interpreter.reason;
  return pyframe::publishes_offsets(interpreter.layout) ? kPublishedLayout : kKnownLayout;
}

// A command line may have megabytes; only its beginning is kept.
constexpr std::size_t kMaxCommandLine = 8192;

void define_command_line(DefinitionStream& stream) {
  struct CommandLine {
    char text[kMaxCommandLine];
    std::size_t used = 0;
  } line;
  platform::visit_command_line(
      [](const char* bytes, std::size_t size, void* context) {
        auto& [text, used] = *static_cast<CommandLine*>(context);
        const std::size_t taken = std::min(size, sizeof text - used);
        std::memcpy(text + used, bytes, taken);
        used += taken;
      },
      &line);
  define_metadata(stream, MetadataKind::CommandLine, {line.text, line.used});
}

}  // namespace

void collect_metadata() {
  allocators_bytes = 0;
  platform::visit_definitions("malloc", note_allocator, nullptr);
}

std::string_view first_allocator() {
  const std::string_view all(allocators, allocators_bytes);
  const std::string_view first = all.substr(0, all.find('\n'));
  return first.empty() ? "the program itself" : first;
}

std::uint64_t write_metadata(Destination& destination, const pyframe::Interpreter& interpreter,
                             const CaptureSettings& settings) {
  DefinitionStream stream{};
  stream.begin(destination, 0);
  define_command_line(stream);
  define_metadata(stream, MetadataKind::PythonVersion, interpreter.version);
  char host[512];
  define_metadata(stream, MetadataKind::Host, {host, platform::describe_host(host)});
  define_metadata(stream, MetadataKind::Options, settings.options);
  define_metadata(stream, MetadataKind::Interpreter, interpreter.path);
  define_metadata(stream, MetadataKind::Layout, layout_text(interpreter));
  define_metadata(stream, MetadataKind::Allocators, {allocators, allocators_bytes});
  stream.finish();
  return stream.blocks();
}

}  // namespace pymemflow::interpose
