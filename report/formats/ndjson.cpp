// The format ndjson: a JSON object on a line of its own for each call and each mark.

#include <fmt/core.h>

#include <iterator>

#include "report/base/json_text.h"
#include "report/formats/replay.h"
#include "report/rows/call_rows.h"

namespace pymemflow::report {
namespace {

class JsonRows final : public CallRows {
 public:
  using CallRows::CallRows;

 private:
  // Addresses are text: a number of 64 bits is rounded by many readers of JSON.
  void append_call(String& text, const RowMoment& moment, const Event& call,
                   const String& site) override {
    const FunctionTraits& function = traits(call.function);
    const auto end = std::back_inserter(text);
    fmt::format_to(end, R"({{"event":{},"after_ns":{},"thread":{},"call":"{}")", moment.event,
                   moment.after_ns, moment.thread, function.name);
    if (function.effect != Effect::Release) {
      fmt::format_to(end, R"(,"bytes":{},"address":"{:#x}")", call.size_bytes(), call.result);
    }
    if (function.effect != Effect::Allocate) {
      fmt::format_to(end, R"(,"released":"{:#x}")", call.arguments[0]);
    }
    text += site;
  }

  void append_mark(String& text, const RowMoment& moment, std::string_view name) override {
    fmt::format_to(std::back_inserter(text), R"({{"event":{},"after_ns":{},"thread":{},"mark":)",
                   moment.event, moment.after_ns, moment.thread);
    append_json_string(text, name);
    text += "}\n";
  }

  String site_columns(const SiteName& site) const override {
    String text;
    if (site.has_frame) {
      append(text, "file", site.file);
      fmt::format_to(std::back_inserter(text), R"(,"line":{})", site.line);
      append(text, "function", site.function);
      return text += "}\n";
    }
    const NativeName native = native_name(site);
    append(text, "function", native.function);
    append(text, "offset", native.offset);
    append(text, "library", native.library);
    return text += "}\n";
  }

  static void append(String& text, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    fmt::format_to(std::back_inserter(text), R"(,"{}":)", name);
    append_json_string(text, value);
  }
};

}  // namespace

void write_ndjson(Replay& replay, const FormatOptions& options) {
  JsonRows rows(replay.output(), replay.symbols(), options.started_ns, options.limit);
  replay.stream({&rows});
}

}  // namespace pymemflow::report
