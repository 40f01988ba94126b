#pragma once
// The text of the page, which the build makes of report/page/source (embed.cmake): what comes
// before the data and after it. Any thread.

#include <string_view>

namespace pymemflow::report {

extern const std::string_view kPageStart;
extern const std::string_view kPageEnd;

}  // namespace pymemflow::report
