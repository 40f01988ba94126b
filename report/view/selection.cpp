#include "report/view/selection.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "report/base/names.h"
#include "report/stacks/site_patterns.h"
#include "report/view/passes.h"

namespace pymemflow::report {
namespace {

// Calls visit(element) for each element of a list, separated by commas.
template <typename Visit>
void for_each_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (end != 0) visit(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

Vector<String> patterns_of(std::string_view list) {
  Vector<String> patterns;
  for_each_element(list, [&](std::string_view each) { patterns.emplace_back(each); });
  return patterns;
}

std::uint64_t matches_of(const Vector<String>& patterns, const Vector<String>& names) {
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (matches(patterns[i].c_str(), names)) found |= std::uint64_t{1} << i;
  }
  return found;
}

void append_unused(String& text, std::string_view option, const Vector<String>& patterns,
                   std::uint64_t used) {
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if ((used >> i & 1) != 0) continue;
    fmt::format_to(std::back_inserter(text), "pymemflow: {} {} matches nothing in the record\n",
                   option, std::string_view(shown_function({}, patterns[i])));
  }
}

}  // namespace

bool selects_calls(const pymemflow::ReportOptions& asked) {
  return !asked.only.empty() || !asked.ignore.empty() || !asked.thread.empty() ||
         asked.min_size != 0;
}

Selection::Selection(const pymemflow::ReportOptions& asked, bool has_stacks, const NameTable& names,
                     Symbols& symbols)
    : has_patterns_(!asked.only.empty() || !asked.ignore.empty()),
      min_size_(asked.min_size),
      only_(patterns_of(asked.only)),
      ignored_(patterns_of(asked.ignore)),
      origins_(has_stacks),
      stacks_(names, origins_, symbols) {
  for_each_element(asked.thread, [this](std::string_view each) {
    std::uint32_t thread = 0;
    std::from_chars(each.data(), each.data() + each.size(), thread);
    threads_.push_back(thread);
  });
}

void Selection::only_calls(Vector<std::uint64_t> calls) {
  has_calls_ = true;
  calls_ = std::move(calls);
}

bool Selection::takes(const Event& event, bool is_in_view) {
  const bool is_call = event.kind == EventKind::Call;
  if (is_call) ++call_;
  bool is_taken = takes_origin(event.stack, event.site) && takes_thread(event.thread);
  if (has_calls_) {
    is_taken = is_taken && is_call && std::binary_search(calls_.begin(), calls_.end(), call_);
  }
  if (min_size_ != 0) is_taken = is_call && takes_size(event) && is_taken;
  has_taken_ = has_taken_ || (is_taken && is_in_view);
  return is_taken;
}

bool Selection::takes_size(const Event& event) {
  const Effect effect = traits(event.function).effect;
  const bool releases =
      effect != Effect::Allocate && (effect == Effect::Release || event.result != 0);
  const bool had_block = releases && blocks_.erase(event.arguments[0]) != 0;
  if (effect == Effect::Release) return had_block;
  const bool is_large = event.size_bytes() >= min_size_;
  if (is_large && event.result != 0) blocks_[event.result] = true;
  return is_large;
}

bool Selection::takes_allocation(const Event& event) {
  // Patterns first, so that those which match something are known.
  const bool is_taken = takes_origin(event.stack, event.site) && takes_thread(event.thread) &&
                        event.size_bytes() >= min_size_;
  has_taken_ = has_taken_ || is_taken;
  return is_taken;
}

bool Selection::takes_call(const Event& event, std::uint64_t number) {
  const bool is_taken = takes_allocation(event);
  return is_taken && (!has_calls_ || std::binary_search(calls_.begin(), calls_.end(), number));
}

bool Selection::takes_mapping(const Event& event) {
  const bool is_taken = takes_thread(event.thread) && takes_origin(event.stack, event.site);
  has_taken_ = has_taken_ || is_taken;
  return is_taken;
}

bool Selection::takes(const EventSum& sum) {
  const bool is_taken = takes_origin(sum.stack, sum.site);
  has_taken_ = has_taken_ || is_taken;
  return is_taken;
}

bool Selection::takes_thread(std::uint32_t thread) const {
  return threads_.empty() || std::find(threads_.begin(), threads_.end(), thread) != threads_.end();
}

bool Selection::takes_origin(StackId stack, SiteId site) {
  if (!has_patterns_) return true;
  Event event;
  event.stack = stack;
  event.site = site;
  const OriginId origin = origins_.has_entries() ? origins_.of(event) : site;
  Verdict& verdict = verdicts_[origin];
  if (verdict == Verdict::Unknown) verdict = verdict_on(stacks_.node_of(origin));
  return verdict == Verdict::Taken;
}

Selection::Verdict Selection::verdict_on(CallNode node) {
  Matches only = 0;
  Matches ignored = 0;
  for_each_compared(stacks_.tree(), node, [&](std::uint32_t number) {
    const Name& name = name_of(number);
    only |= name.only;
    ignored |= name.ignored;
  });
  used_only_ |= only;
  used_ignored_ |= ignored;
  const bool is_wanted = only_.empty() || only != 0;
  return is_wanted && ignored == 0 ? Verdict::Taken : Verdict::LeftOut;
}

const Selection::Name& Selection::name_of(std::uint32_t number) {
  if (number >= names_.size()) names_.resize(stacks_.tree().names());
  Name& name = names_[number];
  if (!name.is_known) {
    const Vector<String> compared = pattern_names(stacks_.tree().name(number));
    name = {true, matches_of(only_, compared), matches_of(ignored_, compared)};
  }
  return name;
}

Vector<std::uint64_t> find_leaked_calls(const CaptureReader& polled, EventSource& source) {
  Vector<std::uint64_t> calls;
  std::optional<Symbols> symbols;
  std::optional<ProfileBuilder> builder;
  pass_over(
      polled, source,
      [&](const CaptureReader& reader) {
        symbols.emplace(reader.names().modules(), Symbols::Where::kOffline);
        builder.emplace(reader.process_info(), reader.names(), *symbols, Marks::Keep::Nothing);
      },
      [&](const EventBatch& batch) {
        builder->on_events(batch);
        return true;
      },
      [&] { calls = builder->leaked_calls(); });
  return calls;
}

String Selection::notes() const {
  String text;
  append_unused(text, "--only", only_, used_only_);
  append_unused(text, "--ignore", ignored_, used_ignored_);
  if (text.empty() && !has_taken_) text = "pymemflow: no call of this report is selected\n";
  return text;
}

}  // namespace pymemflow::report
