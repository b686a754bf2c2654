/* A libnvidia-ml.so.1 of one device, whose state is the text file that SIMULATED_NVML names: lines "name value", and
 * "process pid bytes". A value that is not there is "not supported", as NVML says it. Without a file, the driver is not
 * loaded. A driver from before event reasons had that name is compiled with -DOLD_DRIVER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, NOT_LOADED = 9 };

typedef struct {
  unsigned pid;
  unsigned long long used;
  unsigned gpu_instance, compute_instance;
} Process;

static FILE* state(void) {
  const char* path = getenv("SIMULATED_NVML");
  return path ? fopen(path, "r") : NULL;
}

static int value(const char* wanted, unsigned long long* found) {
  char name[64];
  unsigned long long number;
  FILE* file = state();
  if (!file) return NOT_LOADED;
  int result = NOT_SUPPORTED;
  while (fscanf(file, "%63s %llu%*[^\n]", name, &number) == 2)
    if (!strcmp(name, wanted)) *found = number, result = OK;
  fclose(file);
  return result;
}

static int value32(const char* wanted, unsigned* found) {
  unsigned long long number = 0;
  int result = value(wanted, &number);
  *found = (unsigned)number;
  return result;
}

int nvmlInitWithFlags(unsigned flags) {
  FILE* file = state();
  if (!file) return NOT_LOADED;
  fclose(file);
  return OK;
}

const char* nvmlErrorString(int error) { return "an error of the simulated NVML"; }

int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  *device = (void*)1;
  return strcmp(uuid, "GPU-51a7ed00-0000-0000-0000-000000000001") ? NOT_FOUND : OK;
}

int nvmlDeviceGetClockInfo(void* device, int type, unsigned* mhz) { return value32(type == 1 ? "sm" : "other", mhz); }
int nvmlDeviceGetMaxClockInfo(void* device, int type, unsigned* mhz) { return value32(type == 1 ? "max" : "other", mhz); }
int nvmlDeviceGetTemperature(void* device, int sensor, unsigned* celsius) { return value32("temperature", celsius); }
int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) { return value32("milliwatts", milliwatts); }

#ifdef OLD_DRIVER
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* bits) { return value("reasons", bits); }
#else
int nvmlDeviceGetCurrentClocksEventReasons(void* device, unsigned long long* bits) { return value("reasons", bits); }
#endif

/* Process 0 is whoever asks. */
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, Process* processes) {
  char line[256];
  unsigned room = *count, pid;
  unsigned long long used;
  FILE* file = state();
  if (!file) return NOT_LOADED;
  *count = 0;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "process %u %llu", &pid, &used) == 2) {
      if (*count < room) processes[*count] = (Process){pid ? pid : (unsigned)getpid(), used, 0, 0};
      ++*count;
    }
  fclose(file);
  return *count > room ? TOO_SMALL : OK;
}

int nvmlSystemGetProcessName(unsigned pid, char* name, unsigned length) {
  if (pid != 4242) return NOT_FOUND;
  snprintf(name, length, "/opt/train");
  return OK;
}
