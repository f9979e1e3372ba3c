using System.Buffers.Binary;
using Guardian.Files;
using Guardian.Wasi.Descriptors;

namespace Guardian.Wasi.Tests;

/// <content>Rights and descriptors.</content>
public abstract partial class FileCallTests
{
    [Fact]
    public void Rights_can_be_dropped_but_never_gained()
    {
        Guest.Create("file", "x");
        var number = Guest.Open("file", 0, Rights.FdRead | Rights.FdWrite);
        Assert.Equal((FileKind.RegularFile, FdFlags.None, Rights.OfFile, Rights.None), Guest.Describe(number));
        Assert.Equal(FileError.Success, Guest.Call("fd_fdstat_set_rights", number, (ulong)Rights.FdRead, 0));
        Assert.Equal(FileError.NotCapable, Guest.Seek(number, 1, 0).Error);
        Assert.Equal(FileError.NotCapable, Guest.Read(number, 1, 0).Error);
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_sync", number));
        Assert.Equal(FileError.BadDescriptor, Guest.Write(number, "y").Error);
        Assert.Equal(FileError.Success, Guest.Read(number, 1).Error);
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_fdstat_set_rights", number, (ulong)(Rights.FdRead | Rights.FdSeek), 0));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_fdstat_set_rights", 99, 0, 0));

        var directory = Guest.Open(".", OpenFlags.Directory, Rights.None);
        const Rights left = Rights.PathOpen | Rights.PathCreateFile;
        Assert.Equal(FileError.Success, Guest.Call("fd_fdstat_set_rights", directory, (ulong)left, (ulong)(Rights.FdRead | left)));
        Assert.Equal((FileKind.Directory, FdFlags.None, left, Rights.FdRead | left), Guest.Describe(directory));
        Assert.Equal(FileError.NotCapable, Guest.TryOpen("file", 0, Rights.FdRead | Rights.FdWrite, directory: directory).Error);
        Assert.Equal(FileError.NotCapable, Guest.TryOpen("file", 0, Rights.FdRead, Rights.FdWrite, directory: directory).Error);
        Assert.Equal(FileError.NotCapable, Guest.TryOpen("file", OpenFlags.Truncate, Rights.FdRead, directory: directory).Error);
        Assert.Equal(FileError.NotCapable, Guest.OnPath("path_unlink_file", "file", directory));
        Assert.Equal(Rights.FdRead, Guest.Describe(Guest.Open("new", OpenFlags.Create, Rights.FdRead, directory: directory)).Base);
        // A directory below has no more rights.
        var below = Guest.Open(".", OpenFlags.Directory, Rights.None, directory: directory);
        Assert.Equal((left, Rights.FdRead | left), (Guest.Describe(below).Base, Guest.Describe(below).Inheriting));
    }

    [Fact]
    public void A_file_opens_for_the_requested_access_and_has_the_other_rights_of_its_directory()
    {
        const Rights changing = Rights.FdWrite | Rights.FdAllocate | Rights.FdFilestatSetSize;
        Guest.Create("file", "content");
        foreach (var (asked, granted) in new[]
        {
            (Rights.None, Rights.OfFile & ~(Rights.FdRead | changing)),
            (Rights.FdRead, Rights.OfFile & ~changing),
            (Rights.FdWrite, Rights.OfFile & ~Rights.FdRead),
            (Rights.FdRead | Rights.FdFilestatSetSize, Rights.OfFile & ~(Rights.FdWrite | Rights.FdAllocate)),
        })
        {
            Assert.Equal((asked, granted), (asked, Guest.Describe(Guest.Open("file", 0, asked)).Base));
        }
        var reading = Guest.Open("file", 0, Rights.FdRead);
        Assert.Equal((FileError.Success, "content"), Guest.Read(reading, 100));
        Assert.Equal((FileError.Success, 0UL), Guest.Seek(reading, 0, 0));
        Assert.Equal(FileError.BadDescriptor, Guest.Write(reading, "").Error);
        Assert.Equal(FileError.BadDescriptor, Guest.WriteAt(reading, "x", 0).Error);
        Assert.Equal(FileError.Invalid, Guest.Call("fd_filestat_set_size", reading, 0));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_allocate", reading, 0, 1));
        Assert.Equal(FileError.Success, Guest.Call("fd_filestat_set_times", reading, 1, 2, 1 | 4));
        Assert.Equal(FileError.Success, Guest.Call("fd_sync", reading));
        var writing = Guest.Open("file", 0, Rights.FdWrite);
        Assert.Equal(FileError.BadDescriptor, Guest.Read(writing, 1).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.Read(writing, 1, 0).Error);
        Assert.Equal(FileError.Success, Guest.Call("fd_filestat_set_size", writing, 3));
        Assert.Equal(FileError.Success, Guest.Call("fd_fdstat_set_rights", writing, (ulong)Rights.FdWrite, 0));
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_filestat_set_size", writing, 0));
        Assert.Equal(FileError.NotCapable, Guest.Call("fd_allocate", writing, 0, 100));
        Assert.Equal("con", Guest.Content("file"));
        // A directory has its rights even if none are requested.
        var directory = Guest.Open(".", OpenFlags.Directory, Rights.None);
        Assert.Equal(Guest.Describe(3), Guest.Describe(directory));
        Assert.Equal([".", "..", "file"], Guest.List(directory).Entries.Select(entry => entry.Name).Order());
        Assert.Equal(3, Guest.List(Guest.Open(".", OpenFlags.Directory, Rights.FdAllocate)).Entries.Count);
    }

    [Fact]
    public void A_directory_refuses_calls_for_files()
    {
        var number = Guest.OpenDirectory(".");
        Assert.Equal(FileError.BadDescriptor, Guest.Read(number, 1).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.Read(number, 1, 0).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.Write(number, "x").Error);
        Assert.Equal(FileError.BadDescriptor, Guest.WriteAt(number, "x", 0).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.Seek(number, 0, 0).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.Seek(number, 0, 1).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_tell", number, 16));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_advise", number, 0, 0, 4));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_allocate", number, 0, 0));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_filestat_set_size", number, 0));
        Assert.Equal(FileError.Success, Guest.Call("fd_sync", number));
        Assert.Equal(FileError.Success, Guest.Call("fd_datasync", number));
        Guest.Create("file");
        Assert.Equal(FileError.NotDirectory, Guest.TryOpen("x", directory: Guest.Open("file")).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.TryOpen("x", directory: 99).Error);
        Assert.Equal(FileError.NotSocket, Guest.Call("sock_shutdown", number, 1));
    }

    [Fact]
    public void Preopened_directories_tell_their_names()
    {
        Assert.Equal(FileError.Success, Guest.Call("fd_prestat_get", 3, 16));
        Assert.Equal((0U, 5U), (Guest.Read32(), Guest.Read32(20)));
        Assert.Equal(FileError.Success, Guest.Call("fd_prestat_dir_name", 3, 128, 6));
        Assert.Equal("/data"u8, Guest.Memory.Slice(128, 5));
        Assert.Equal(FileError.NameTooLong, Guest.Call("fd_prestat_dir_name", 3, 128, 4));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_prestat_get", 4, 16));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_prestat_get", 0, 16));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_prestat_get", Guest.OpenDirectory("."), 16));
    }

    [Fact]
    public void Numbers_are_moved_closed_and_used_again()
    {
        Guest.Create("a", "a");
        Guest.Create("b", "b");
        var (a, b) = (Guest.Open("a"), Guest.Open("b"));
        Assert.Equal(FileError.Success, Guest.Call("fd_renumber", a, b));
        Assert.Equal((FileError.Success, "a"), Guest.Read(b, 10));
        Assert.Equal(FileError.BadDescriptor, Guest.Read(a, 10).Error);
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_renumber", a, b));
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_renumber", b, a));
        Assert.Equal(FileError.Success, Guest.Call("fd_renumber", b, b));
        Assert.Equal(a, Guest.Open("b"));
        Assert.Equal(FileError.Success, Guest.Call("fd_renumber", b, 3));
        Assert.Equal((FileError.Success, ""), Guest.Read(3, 10));
        Guest.Close(3);
        Assert.Equal(FileError.BadDescriptor, Guest.Call("fd_close", 3));
    }

    [Fact]
    public void Several_buffers_are_moved_in_one_call_and_checked_before_it()
    {
        var number = Guest.Open("file", OpenFlags.Create);
        var memory = Guest.Memory;
        "abcdef"u8.CopyTo(memory[1000..]);
        WriteVectors(memory[64..], 1000, 2, 0, 0, 1002, 4);
        Assert.Equal(FileError.Success, Guest.Call("fd_write", number, 64, 3, 16));
        Assert.Equal(6U, Guest.Read32());
        WriteVectors(memory[64..], 1000, 1, CallingGuest.MemorySize - 1, 2);
        Assert.Equal(FileError.Fault, Guest.Call("fd_write", number, 64, 2, 16));
        Assert.Equal(6UL, Guest.Stat(number).Size);
        Assert.Equal(FileError.Fault, Guest.Call("fd_write", number, CallingGuest.MemorySize - 4, 1, 16));
        Assert.Equal(FileError.Fault, Guest.Call("fd_write", number, 64, 1, CallingGuest.MemorySize - 3));
        Assert.Equal(FileError.Fault, Guest.Call("fd_write", number, 64, 1, uint.MaxValue));
        Assert.Equal(FileError.Invalid, Guest.Call("fd_write", number, 64, 1025, 16));
        Assert.Equal(FileError.Success, Guest.Call("fd_write", number, 64, 0, 16));
        Assert.Equal(0U, Guest.Read32());
        // Buffers that overlap each other and the list itself do no harm.
        WriteVectors(memory[64..], 64, 3, 65, 3);
        Assert.Equal(FileError.Success, Guest.Call("fd_pread", number, 64, 2, 0, 16));
    }

    [Fact]
    public void Files_are_always_ready()
    {
        Guest.Create("file", "12345");
        var number = Guest.Open("file");
        Guest.Seek(number, 2, 0);
        var memory = Guest.Memory;
        memory.Slice(1000, 48 * 3).Clear();
        foreach (var (index, kind, descriptor) in new[] { (0, 1, number), (1, 2, number), (2, 1, 77U) })
        {
            memory[1000 + (48 * index)] = (byte)(index + 1);
            memory[1008 + (48 * index)] = (byte)kind;
            BinaryPrimitives.WriteUInt32LittleEndian(memory[(1016 + (48 * index))..], descriptor);
        }
        Assert.Equal(FileError.Success, Guest.Call("poll_oneoff", 1000, 2000, 3, 16));
        Assert.Equal(3U, Guest.Read32());
        Assert.Equal((1UL, (byte)1, 3UL), (Guest.Read64(2000), Guest.Memory[2010], Guest.Read64(2016)));
        Assert.Equal((2UL, (byte)2), (Guest.Read64(2032), Guest.Memory[2042]));
        Assert.Equal(
            (3UL, (ushort)FileError.BadDescriptor),
            (Guest.Read64(2064), BinaryPrimitives.ReadUInt16LittleEndian(Guest.Memory[2072..])));
    }

    [Fact]
    public void A_guest_cannot_open_without_end()
    {
        Guest.Create("file");
        var error = FileError.Success;
        var count = 4;
        for (; error == FileError.Success; count++)
        {
            error = Guest.TryOpen("file").Error;
        }
        Assert.Equal(FileError.TooManyOpen, error);
        Assert.Equal(DescriptorTable.MaxCount, count - 1);
        Guest.Close(10);
        Assert.Equal(10U, Guest.Open("file"));
    }
}
