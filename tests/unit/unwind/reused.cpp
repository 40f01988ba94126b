// A library that calls back from a frame of PMF_FRAME_BYTES. It is built twice, with different
// sizes, and both functions have the same addresses.

extern "C" __attribute__((visibility("default"))) int call_back(void (*function)(void*),
                                                                void* context) {
  volatile char frame[PMF_FRAME_BYTES];
  frame[0] = 1;
  function(context);
  return frame[0];
}
