#pragma once
// Copies the blocks of NAME.windows to the capture (capture/block.h). At the end of a recording
// only, one thread at a time.

namespace pymemflow::interpose {

// Copies each block of the file `from` to the same offset of `to`, and leaves everything else of
// `to` as it is. 0, or an error number.
int copy_blocks(int from, int to);

}  // namespace pymemflow::interpose
