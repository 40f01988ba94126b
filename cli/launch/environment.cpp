#include "cli/launch/environment.h"

#include "capture/process_log.h"
#include "cli/platform/platform.h"

namespace pymemflow::cli {

Environment::Environment(char** ours) {
  for (char** entry = ours; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool is_log = text.starts_with(kProcessLogVariable);
    if (!is_log && !text.starts_with("PYMEMFLOW_")) texts_.emplace_back(text);
  }
}

void Environment::preload(const std::string& library) {
  const std::string start = std::string(platform::kPreloadVariable) + "=";
  for (std::string& text : texts_) {
    if (!text.starts_with(start)) continue;
    const std::string others = text.substr(start.size());
    text = start + library + (others.empty() ? "" : ":") + others;
    return;
  }
  set(platform::kPreloadVariable, library);
}

void Environment::set_options(const Options& options) {
  for (std::size_t row = 0; row < kOptionCount; ++row) {
    const OptionUse use = kOptions[row].use;
    if (use == OptionUse::Report || use == OptionUse::Callers) continue;
    char number[kMaxValueText];
    char name[kMaxVariableName];
    std::string_view value;
    if (!value_of(options, row, number, value)) continue;
    set(std::string(variable_of(row, name)), std::string(value));
  }
}

char** Environment::entries() {
  entries_.clear();
  for (std::string& text : texts_) entries_.push_back(text.data());
  entries_.push_back(nullptr);
  return entries_.data();
}

void Environment::set(const std::string& name, const std::string& value) {
  std::erase_if(texts_, [&name](const std::string& text) { return text.starts_with(name + "="); });
  texts_.push_back(name + "=" + value);
}

}  // namespace pymemflow::cli
