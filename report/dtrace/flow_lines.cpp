#include "report/dtrace/flow_lines.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "report/base/digits.h"

namespace pymemflow::report {
namespace {

// Limits the part of a line that has no names: the call, its arguments, its result.
constexpr std::size_t kMaxCallBytes = 160;

// Bounds the memory of a report on a capture in which long names belong to many sites.
constexpr std::size_t kMaxSiteTextBytes = std::size_t{64} << 20;

// Bounds a line of a capture that enters functions and never leaves them. DTrace has no such bound.
constexpr std::size_t kMaxIndentedCalls = 1000;

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_address(char* out, std::uint64_t address) {
  return put_hex(put(out, "0x"), address);
}

char* put_call(char* out, const Event& event) {
  const FunctionTraits& function = traits(event.function);
  out = put(out, function.name);
  *out++ = '(';
  for (std::size_t i = 0; i < function.arguments.size(); ++i) {
    if (i != 0) out = put(out, ", ");
    const bool is_block = function.arguments[i] == 'p';
    out = is_block ? put_address(out, event.arguments[i])
                   : put_signed_decimal(out, event.arguments[i]);
  }
  *out++ = ')';
  if (function.effect != Effect::Release) {
    out = put_address(put(out, " pntr "), event.result);
  }
  *out++ = '\n';
  return out;
}

// The D script's heading. It has a column for a time, which the D script's lines do not print.
constexpr std::string_view kCallStackHeading =
    "C    PID  DELTA(us)              FILE:LINE TYPE     -- FUNC\n";

}  // namespace

FlowLines::FlowLines(Output& output, const FlowLinesOptions& options)
    : output_(output), options_(options) {
  for (std::string_view list = options.columns; !list.empty();) {
    FlowColumn column{};
    if (!take_flow_column(list, column)) break;
    columns_.push_back(column);
  }
  output_.write("dtrace:::BEGIN\n");
  if (options_.call_stack) output_.write(kCallStackHeading);
}

void FlowLines::write_columns(const Event& event) {
  const std::uint64_t after_ns = std::max(event.after_ns, options_.started_ns);
  String text;
  const auto end = std::back_inserter(text);
  for (const FlowColumn column : columns_) {
    switch (column) {
      case FlowColumn::Thread:
        text += thread_text(event.thread);
        break;
      case FlowColumn::Time: {
        const std::uint64_t microseconds = (after_ns - options_.started_ns) / 1000;
        fmt::format_to(end, "{:>5}.{:06} ", microseconds / 1'000'000, microseconds % 1'000'000);
        break;
      }
      case FlowColumn::Event:
        fmt::format_to(end, "{:>9} ", events_);
        break;
    }
  }
  output_.write(text);
}

String FlowLines::thread_text(std::uint32_t thread) const {
  const std::string_view known = options_.threads == nullptr ? "" : options_.threads->find(thread);
  String name = shown_function(options_.names, known);
  std::replace(name.begin(), name.end(), ' ', '_');
  String text;
  // Names of Linux have at most 15 bytes.
  fmt::format_to(std::back_inserter(text), "{:>7}/{:<15} ", thread,
                 std::string_view(name.empty() ? "-" : name));
  return text;
}

void FlowLines::on_event(const Event& event, const Site& site) {
  ++events_;
  if (!site.has_frame || !options_.functions.contains(event.function)) return;
  if (!has_room()) return;
  const String* text = &site_texts_[event.site];
  if (text->empty()) text = &keep_site_text(event.site, site);
  if (!columns_.empty()) [[unlikely]]
    write_columns(event);
  output_.write(*text);
  output_.commit(put_call(output_.reserve(kMaxCallBytes), event));
}

void FlowLines::on_probe(const Event& event, const Site& site) {
  if (!options_.call_stack) return;
  const bool is_entry = event.kind == EventKind::Entered;
  std::size_t& depth = depths_[event.thread];
  if (!is_entry && depth > 0) --depth;
  if (!has_room()) {
    if (is_entry) ++depth;
    return;
  }
  String text = location_text(site);
  text += is_entry ? "CALL " : "RTN  ";
  text.append(2 * (options_.names.escape ? std::min(depth, kMaxIndentedCalls) : depth), ' ');
  text += is_entry ? "-> " : "<- ";
  text += shown_function(options_.names, site.function);
  text += '\n';
  if (!columns_.empty()) write_columns(event);
  output_.write(text);
  if (is_entry) ++depth;
}

void FlowLines::on_finish() {
  output_.write("\ndtrace:::END\n");
}

String FlowLines::location_text(const Site& site) const {
  const String file = shown_file(options_.names, site.file);
  // fmt pads by the columns that characters take on a screen, DTrace by bytes: the padding is ours.
  const std::size_t padding = file.size() < 16 ? 16 - file.size() : 0;
  String text;
  fmt::format_to(std::back_inserter(text), "{:>6} {:{}}", options_.pid, "", padding);
  text += file;
  fmt::format_to(std::back_inserter(text), ":{:<4} ", site.line);
  return text;
}

const String& FlowLines::keep_site_text(SiteId number, const Site& site) {
  if (site_text_bytes_ > kMaxSiteTextBytes) {
    site_texts_.clear();
    site_text_bytes_ = 0;
  }
  String& text = site_texts_[number];
  text = site_text(site);
  site_text_bytes_ += text.capacity();
  return text;
}

String FlowLines::site_text(const Site& site) const {
  String text = location_text(site);
  text += "-> ";
  text += shown_function(options_.names, site.function);
  text += ' ';
  return text;
}

}  // namespace pymemflow::report
