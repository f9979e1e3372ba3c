using System.Diagnostics;
using System.Globalization;
using Guardian.Files;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Tests.Support;

namespace Guardian.Volumes.Tests;

/// <summary>A program that fills the disk is told at once, and can go on when it has removed something.</summary>
public class VolumeSpaceTests
{
    private const int FileSize = 120_000;
    private const int PieceSize = 20_000;
    private const int Spare = 3;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void On_a_full_disk_a_program_removes_files_and_goes_on(bool isSynced)
    {
        using var disk = new SimulatedDisk(new Random(1)) { Capacity = 5 << 20 };
        using var key = VolumeKey.Create();
        var options = new VolumeOptions { CommitInterval = TimeSpan.Zero };
        var content = new byte[FileSize];
        content.AsSpan().Fill(7);
        using (var volume = Volume.Create(disk, key, options))
        {
            var count = Fill(volume, content, isSynced);
            Assert.InRange(count, 20, 60);
            Assert.Equal(FileError.Success, volume.Sync());

            // As a log that is rotated. Its first removals give the space in which the next states are written.
            for (var first = 0; first < Spare; first++)
            {
                Assert.Equal(FileError.Success, volume.Root.RemoveFile(Name(first)));
            }
            for (var round = Spare; round < 20; round++)
            {
                Assert.Equal(FileError.Success, volume.Root.RemoveFile(Name(round)));
                using var next = Tree.Create(volume.Root, Name(count + round), content);
                Assert.Equal(FileError.Success, volume.Sync());
            }
        }
        Assert.Empty(Volume.Check(disk, key, options).Damages);
        using var again = Volume.Open(disk, key, options);
        using var last = Tree.Open<IFile>(again.Root, Name(20));
        Assert.Equal(content, Tree.ReadAll(last));
    }

    [Theory]
    [InlineData(28)]
    [InlineData(122)]
    public void A_program_is_told_by_the_write_when_others_took_the_space_of_the_holes(int error)
    {
        using var disk = new SimulatedDisk(new Random(1)) { FullError = error };
        using var key = VolumeKey.Create();
        var options = new VolumeOptions { CommitInterval = TimeSpan.Zero };
        var content = new byte[FileSize];
        using (var volume = Volume.Create(disk, key, options))
        {
            for (var number = 0; number < 20; number++)
            {
                using var file = Tree.Create(volume.Root, Name(number), content);
            }
            Assert.Equal(FileError.Success, volume.Sync());
            for (var number = 0; number < 19; number++)
            {
                Assert.Equal(FileError.Success, volume.Root.RemoveFile(Name(number)));
            }
        }
        using (var volume = Volume.Open(disk, key, options))
        {
            disk.IsTaken = true;
            Assert.Equal(FileError.NoSpace, volume.Root.CreateFile("new", out _));
            Assert.Equal(FileError.Success, volume.Sync());
            disk.IsTaken = false;
            using var file = Tree.Create(volume.Root, "new", content);
            Assert.Equal(FileError.Success, volume.Sync());

            // The file keeps its space.
            disk.IsTaken = true;
            Assert.Equal(FileError.Success, file.Write(0, content.AsSpan(0, PieceSize), out _));
            Assert.Equal(FileError.Success, volume.Sync());
        }
        Assert.Empty(Volume.Check(disk, key, options).Damages);
        using var again = Volume.Open(disk, key, options);
        using var last = Tree.Open<IFile>(again.Root, "new");
        Assert.Equal(content, Tree.ReadAll(last));
    }

    [Fact]
    [Trait("Starts", "processes")]
    public async Task The_space_of_a_container_is_reserved_before_anything_is_written_to_it()
    {
        using var folder = new TemporaryFolder();
        using var key = VolumeKey.Create();
        using var volume = Volume.Create(folder.File("volume"), key, new VolumeOptions());
        using var file = Tree.Create(volume.Root, "file", [1]);
        Assert.Equal(FileError.Success, volume.Sync());
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%b %B %s", folder.File("volume/volume")])
        {
            RedirectStandardOutput = true,
        })!;
        var numbers = (await stat.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split(' ')
            .Select(number => long.Parse(number, CultureInfo.InvariantCulture)).ToList();
        Assert.True(numbers[0] * numbers[1] >= numbers[2], string.Join(' ', numbers));
    }

    private static string Name(int number) => number.ToString(CultureInfo.InvariantCulture);

    // Returns how many whole files there are.
    private static int Fill(Volume volume, byte[] content, bool isSynced)
    {
        for (var count = 0; ; count++)
        {
            if (volume.Root.CreateFile(Name(count), out var file) == FileError.NoSpace)
            {
                return count;
            }
            using (file)
            {
                for (var written = 0; written < FileSize;)
                {
                    switch (file!.Write((ulong)written, content.AsSpan(written, Math.Min(PieceSize, FileSize - written)), out var size))
                    {
                        case FileError.NoSpace:
                            Assert.Equal(FileError.Success, volume.Root.RemoveFile(Name(count)));
                            return count;
                        case var error:
                            Assert.Equal(FileError.Success, error);
                            written += size;
                            break;
                    }
                    Assert.Equal(FileError.Success, isSynced ? volume.Sync() : FileError.Success);
                }
            }
        }
    }
}
