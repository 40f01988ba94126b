// The account for people.

#include <fmt/core.h>

#include <iterator>

#include "report/account/account_output.h"
#include "report/base/names.h"

namespace pymemflow::report {
namespace {

// Libraries with lines of their own.
constexpr std::size_t kLibraries = 4;

// "1,834 MiB", "12.3 MiB", "403.1 KiB": in MiB wherever numbers are compared.
String shown_amount(std::uint64_t bytes) {
  String text;
  auto end = std::back_inserter(text);
  const double kib = static_cast<double>(bytes) / 1024;
  if (bytes < 1024) {
    fmt::format_to(end, "{} bytes", bytes);
  } else if (kib < 1024) {
    fmt::format_to(end, "{:.1f} KiB", kib);
  } else if (kib < 1000 * 1024.0) {
    fmt::format_to(end, "{:.1f} MiB", kib / 1024);
  } else {
    const auto mib = static_cast<std::uint64_t>(kib / 1024 + 0.5);
    if (mib >= 1000 * 1000) {
      fmt::format_to(end, "{},{:03},{:03} MiB", mib / 1000000, mib / 1000 % 1000, mib % 1000);
    } else {
      fmt::format_to(end, "{},{:03} MiB", mib / 1000, mib % 1000);
    }
  }
  return text;
}

class AccountLines {
 public:
  AccountLines(const Account& account, const CallTree& tree, const Names& names)
      : account_(account), tree_(tree), names_(names) {}

  String text() {
    head();
    for (std::size_t part = 0; part < kAccountPartCount; ++part) {
      const auto which = static_cast<AccountPart>(part);
      const bool is_last = which == AccountPart::unexplained;
      if (account_.bytes[part] == 0 && !(is_last && account_.is_known)) continue;
      line("  ", kAccountParts[part].label, account_.bytes[part], note_on(which));
      if (which == AccountPart::libraries) libraries();
    }
    text_ += '\n';
    return std::move(text_);
  }

 private:
  void head() {
    if (account_.is_known) {
      line("", "resident at the end", account_.resident,
           account_.peak == 0 ? String() : "peak " + shown_amount(account_.peak));
    } else {
      text_ += "resident at the end     unknown: ";
      text_ += account_.problem;
      text_ += "; the parts below may not be resident\n";
    }
  }

  void line(std::string_view indent, std::string_view label, std::uint64_t bytes,
            std::string_view note) {
    String start(indent);
    start += label;
    auto end = std::back_inserter(text_);
    fmt::format_to(end, "{:<23} {:>10}", std::string_view(start),
                   std::string_view(shown_amount(bytes)));
    if (!note.empty()) fmt::format_to(end, "    {}", note);
    text_ += '\n';
  }

  String at(const AccountHolder& holder) const {
    if (!has_frame(holder.node) || holder.bytes == 0) return {};
    String text = "-> ";
    text += shown_site(tree_.frame(tree_.line_of(holder.node)), names_.full_file_path);
    return text;
  }
  static String of_which(std::string_view what, std::uint64_t bytes) {
    String text = "of which ";
    text += what;
    text += ' ';
    text += shown_amount(bytes);
    return text;
  }
  static String joined(String first, const String& second) {
    if (!first.empty() && !second.empty()) first += ' ';
    return first += second;
  }

  String note_on(AccountPart part) const {
    switch (part) {
      case AccountPart::blocks:
        return account_.leaked == 0
                   ? at(account_.blocks_holder)
                   : joined(of_which("leaked", account_.leaked), at(account_.leaked_holder));
      case AccountPart::arenas:
        return joined(account_.objects == 0 ? String() : of_which("objects", account_.objects),
                      at(account_.arenas_holder));
      case AccountPart::libraries:
        return account_.libraries.size() == 1 ? of(account_.libraries.front()) : String();
      case AccountPart::pinned:
        return joined("by " + shown_amount(account_.pinning) + " of blocks (estimate)",
                      at(account_.pinned_holder));
      case AccountPart::files:
        return account_.mapped_files == 0
                   ? String()
                   : joined(of_which("mapped", account_.mapped_files), at(account_.files_holder));
      default:
        return kAccountParts[static_cast<std::size_t>(part)].is_estimate ? "estimate" : "";
    }
  }

  String of(const AccountLibrary& library) const {
    return joined(shown_function({}, library.name), at(library.holder));
  }
  void libraries() {
    if (account_.libraries.size() < 2) return;
    std::size_t shown = 0;
    for (const AccountLibrary& library : account_.libraries) {
      if (shown++ == kLibraries) break;
      line("    ", "of which", library.bytes, of(library));
    }
  }

  const Account& account_;
  const CallTree& tree_;
  const Names& names_;
  String text_;
};

}  // namespace

String account_text(const Account& account, const CallTree& tree, const Names& names) {
  return AccountLines(account, tree, names).text();
}

}  // namespace pymemflow::report
