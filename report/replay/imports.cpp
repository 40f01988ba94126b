#include "report/replay/imports.h"

#include <algorithm>
#include <iterator>

#include "report/base/names.h"

namespace pymemflow::report {
namespace {

// The module after -m on the command line of Python. Python's own options end at -m, at -c, and at
// the first word that is not an option.
std::string_view module_of(std::string_view words) {
  bool is_program = true;
  bool is_value = false;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find('\0'));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    if (is_program || is_value) {
      is_program = is_value = false;
      continue;
    }
    if (word.size() < 2 || word[0] != '-' || word.starts_with("-c")) return {};
    if (word == "-m") return words.substr(0, words.find('\0'));
    if (word.starts_with("-m")) return word.substr(2);
    is_value = word == "-W" || word == "-X" || word == "--check-hash-based-pycs";
  }
  return {};
}

bool ends_with_path(std::string_view file, std::string_view end) {
  if (!file.ends_with(end)) return false;
  return file.size() == end.size() || file[file.size() - end.size() - 1] == '/';
}

}  // namespace

Imports::Imports(std::string_view command_line) : main_module_(module_of(command_line)) {
  std::replace(main_module_.begin(), main_module_.end(), '.', '/');
  while (!command_line.empty()) {
    const std::string_view word = command_line.substr(0, command_line.find('\0'));
    command_line.remove_prefix(std::min(word.size() + 1, command_line.size()));
    // The arguments of pytest have the form FILE::TEST.
    words_.emplace_back(base_name(word.substr(0, word.find("::"))));
  }
  words_.emplace_back("__main__.py");
}

void Imports::on_event(const Event& event, const Site& site, std::uint64_t number) {
  if (thread_ == nullptr || event.thread != current_) {
    current_ = event.thread;
    thread_ = &threads_[event.thread];
  }
  if (site.has_frame) first_code_ = std::min(first_code_, number);
  Kind& kind = kinds_[event.site];
  if (kind == Kind::Unknown) kind = kind_of(site);
  if (kind == Kind::Body) on_body(*thread_, site, number);
  thread_->is_after_machinery = kind == Kind::Machinery;
}

bool Imports::covers(std::uint32_t thread, std::uint64_t number) {
  const auto found = threads_.find(thread);
  if (found == threads_.end()) return false;
  if (!found->second.is_sorted) sort_imports(found->second);
  const Vector<Span>& imports = found->second.imports;
  const auto after =
      std::upper_bound(imports.begin(), imports.end(), number,
                       [](std::uint64_t event, const Span& span) { return event < span.first; });
  return after != imports.begin() && number <= (after - 1)->last;
}

bool Imports::is_machinery(const Site& site) {
  return site.has_frame &&
         (site.file.starts_with("<frozen importlib.") || site.file == "<frozen zipimport>");
}

Imports::Kind Imports::kind_of(const Site& site) const {
  if (is_machinery(site)) return Kind::Machinery;
  if (!site.has_frame || site.function != "<module>") return Kind::Other;
  // Names such as <string> are compiled text, not files.
  const bool is_text = site.file.starts_with("<") && !site.file.starts_with("<frozen ");
  if (is_text) return Kind::Other;
  if (std::find(words_.begin(), words_.end(), base_name(site.file)) != words_.end()) {
    return Kind::Other;
  }
  if (!main_module_.empty()) {
    for (const std::string_view ending : {".py", "/__main__.py"}) {
      if (ends_with_path(site.file, main_module_ + String(ending))) return Kind::Other;
    }
  }
  return Kind::Body;
}

void Imports::on_body(Thread& thread, const Site& site, std::uint64_t number) {
  const auto [found, is_new] = thread.bodies.try_emplace(site.file);
  Span& span = found->second;
  if (is_new) {
    span.first = number;
    span.is_import = thread.is_after_machinery;
  }
  span.last = number;
  thread.is_sorted = false;
}

void Imports::sort_imports(Thread& thread) {
  thread.is_sorted = true;
  thread.imports.clear();
  Vector<Span> spans;
  for (const auto& [file, span] : thread.bodies) {
    if (span.is_import) spans.push_back(span);
  }
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.first < b.first; });
  for (const Span& span : spans) {
    Vector<Span>& imports = thread.imports;
    if (!imports.empty() && span.first <= imports.back().last) {
      imports.back().last = std::max(imports.back().last, span.last);
    } else {
      imports.push_back(span);
    }
  }
}

}  // namespace pymemflow::report
