using Guardian.Files;
using Guardian.Wasi.Descriptors;

namespace Guardian.Wasi.Host;

/// <summary>The arguments of a host call as the engine passes them: 16 bytes for each.</summary>
internal readonly unsafe struct CallArguments(ulong* values)
{
    public uint this[int index] => (uint)(values[2 * index] & uint.MaxValue);

    public ulong Long(int index) => values[2 * index];
}

/// <summary>A host function.</summary>
/// <param name="Name">Its name in WASI preview 1.</param>
/// <param name="Parameters">One letter for each parameter: i for 32 bits, I for 64.</param>
/// <param name="Call">The function.</param>
internal sealed record HostFunction(string Name, string Parameters, Func<WasiHost, CallArguments, FileError> Call)
{
    /// <summary>Whether the function returns an errno; only one does not.</summary>
    public bool HasResult => Name != "proc_exit";
}

public sealed partial class WasiHost
{
    /// <summary>The module name under which a guest imports the functions.</summary>
    internal const string ModuleName = "wasi_snapshot_preview1";

    /// <summary>All functions of WASI preview 1.</summary>
    internal static readonly HostFunction[] Functions =
    [
        new("args_get", "ii", static (host, a) => host.GetStrings(host.arguments, a[0], a[1])),
        new("args_sizes_get", "ii", static (host, a) => host.GetSizes(host.arguments, a[0], a[1])),
        new("environ_get", "ii", static (host, a) => host.GetStrings(host.environment, a[0], a[1])),
        new("environ_sizes_get", "ii", static (host, a) => host.GetSizes(host.environment, a[0], a[1])),
        new("clock_res_get", "ii", static (host, a) => host.ClockResGet(a[0], a[1])),
        new("clock_time_get", "iIi", static (host, a) => host.ClockTimeGet(a[0], a[2])),
        new("fd_advise", "iIIi", static (host, a) => host.FdAdvise(a[0], a.Long(1), a.Long(2), a[3])),
        new("fd_allocate", "iII", static (host, a) => host.FdAllocate(a[0], a.Long(1), a.Long(2))),
        new("fd_close", "i", static (host, a) => host.descriptors.Close(a[0])),
        new("fd_datasync", "i", static (host, a) => host.FdSync(a[0], Rights.FdDatasync, dataOnly: true)),
        new("fd_fdstat_get", "ii", static (host, a) => host.FdFdstatGet(a[0], a[1])),
        new("fd_fdstat_set_flags", "ii", static (host, a) => host.FdFdstatSetFlags(a[0], a[1])),
        new("fd_fdstat_set_rights", "iII", static (host, a) => host.FdFdstatSetRights(a[0], a.Long(1), a.Long(2))),
        new("fd_filestat_get", "ii", static (host, a) => host.FdFilestatGet(a[0], a[1])),
        new("fd_filestat_set_size", "iI", static (host, a) => host.FdFilestatSetSize(a[0], a.Long(1))),
        new("fd_filestat_set_times", "iIIi", static (host, a) => host.FdFilestatSetTimes(a[0], a.Long(1), a.Long(2), a[3])),
        new("fd_pread", "iiiIi", static (host, a) => host.FdPread(a[0], a[1], a[2], a.Long(3), a[4])),
        new("fd_prestat_get", "ii", static (host, a) => host.FdPrestatGet(a[0], a[1])),
        new("fd_prestat_dir_name", "iii", static (host, a) => host.FdPrestatDirName(a[0], a[1], a[2])),
        new("fd_pwrite", "iiiIi", static (host, a) => host.FdPwrite(a[0], a[1], a[2], a.Long(3), a[4])),
        new("fd_read", "iiii", static (host, a) => host.FdRead(a[0], a[1], a[2], a[3])),
        new("fd_readdir", "iiiIi", static (host, a) => host.FdReaddir(a[0], a[1], a[2], a.Long(3), a[4])),
        new("fd_renumber", "ii", static (host, a) => host.descriptors.Renumber(a[0], a[1])),
        new("fd_seek", "iIii", static (host, a) => host.FdSeek(a[0], unchecked((long)a.Long(1)), a[2], a[3])),
        new("fd_sync", "i", static (host, a) => host.FdSync(a[0], Rights.FdSync, dataOnly: false)),
        new("fd_tell", "ii", static (host, a) => host.FdTell(a[0], a[1])),
        new("fd_write", "iiii", static (host, a) => host.FdWrite(a[0], a[1], a[2], a[3])),
        new("path_create_directory", "iii", static (host, a) => host.PathCreateDirectory(a[0], a[1], a[2])),
        new("path_filestat_get", "iiiii", static (host, a) => host.PathFilestatGet(a[0], a[1], a[2], a[3], a[4])),
        new("path_filestat_set_times", "iiiiIIi", static (host, a) =>
            host.PathFilestatSetTimes(a[0], a[1], a[2], a[3], a.Long(4), a.Long(5), a[6])),
        new("path_link", "iiiiiii", static (host, a) => host.PathLink(a[0], a[1], a[2], a[3], a[4], a[5], a[6])),
        new("path_open", "iiiiiIIii", static (host, a) =>
            host.PathOpen(a[0], a[1], a[2], a[3], a[4], a.Long(5), a.Long(6), a[7], a[8])),
        new("path_readlink", "iiiiii", static (host, a) => host.PathReadlink(a[0], a[1], a[2], a[3], a[4], a[5])),
        new("path_remove_directory", "iii", static (host, a) => host.PathRemoveDirectory(a[0], a[1], a[2])),
        new("path_rename", "iiiiii", static (host, a) => host.PathRename(a[0], a[1], a[2], a[3], a[4], a[5])),
        new("path_symlink", "iiiii", static (host, a) => host.PathSymlink(a[0], a[1], a[2], a[3], a[4])),
        new("path_unlink_file", "iii", static (host, a) => host.PathUnlinkFile(a[0], a[1], a[2])),
        new("poll_oneoff", "iiii", static (host, a) => host.PollOneoff(a[0], a[1], a[2], a[3])),
        new("proc_exit", "i", static (host, a) => host.ProcExit(a[0])),
        new("proc_raise", "i", static (_, _) => FileError.NotSupported),
        new("random_get", "ii", static (host, a) => host.RandomGet(a[0], a[1])),
        new("sched_yield", "", static (_, _) => SchedYield()),
        new("sock_accept", "iii", static (host, a) => host.SockAccept(a[0], a[1], a[2])),
        new("sock_recv", "iiiiii", static (host, a) => host.SockRecv(a[0], a[1], a[2], a[3], a[4], a[5])),
        new("sock_send", "iiiii", static (host, a) => host.SockSend(a[0], a[1], a[2], a[3], a[4])),
        new("sock_shutdown", "ii", static (host, a) => host.SockShutdown(a[0], a[1])),
    ];
}
