#pragma once
// The exit statuses of the reporter, for the host that waits for it.

namespace pymemflow::report {

inline constexpr int kReported = 0;      // or nobody reads it any more
inline constexpr int kNotReported = 1;   // the reporter has said why
inline constexpr int kNoMemory = 3;      // for a report; the reporter has said nothing
inline constexpr int kUnreadable = 4;    // the capture cannot be read; the same
inline constexpr int kNoView = 5;        // the record has no such moment; the reporter has said so
inline constexpr int kNotStarted = 127;  // by the loader, which lacks a library, say

constexpr bool is_unexpected(int status) {
  return status != kReported && status != kNotReported;
}

}  // namespace pymemflow::report
