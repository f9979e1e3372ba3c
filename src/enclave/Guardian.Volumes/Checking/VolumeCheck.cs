using Guardian.Files;
using Guardian.Refusals;
using Guardian.Volumes.Commit;
using Guardian.Volumes.Content;
using Guardian.Volumes.Contract;
using Guardian.Volumes.Format;
using Guardian.Volumes.Nodes;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes.Checking;

/// <summary>Reads everything that the state of a volume refers to, and reports the damaged files. Used once.</summary>
/// <remarks>
/// <list type="number">
/// <item>In a closed volume: the size of the container, and both superblocks.</item>
/// <item>The inode file.</item>
/// <item>Every path from the root, with the content of its file.</item>
/// <item>Inodes without a name, and the counts of links.</item>
/// <item>In a closed volume: that the free slots are empty.</item>
/// </list>
/// </remarks>
/// <param name="volume">The volume, open for reading only.</param>
/// <param name="storage">Its container.</param>
/// <param name="key">Its key.</param>
/// <param name="progress">Receives the share that is done, 0 to 1.</param>
internal sealed class VolumeCheck(OpenVolume volume, IStorage storage, VolumeKey key, Action<double>? progress)
{
    private const string Container = "(container)";

    private readonly Superblock superblock = volume.Committer.Current;
    private readonly RecordReader reader = volume.Cache.Reader;
    private readonly SlotAllocator slots = new(storage, volume.Committer.Current.SlotCount);
    private readonly Dictionary<uint, uint> links = [];
    private readonly Dictionary<uint, string> paths = [];
    private readonly List<VolumeDamage> damages = [];
    private readonly byte[] buffer = new byte[Page.ChunkSize];
    private long files, directories, symbolicLinks, unprotected, slotsRead;
    private ulong size;

    /// <summary>Checks the volume.</summary>
    /// <exception cref="IOException">The storage failed.</exception>
    public VolumeReport Run()
    {
        // Step 1.
        if (superblock.IsClosed)
        {
            CheckContainer();
        }
        // Step 2.
        CheckContent(volume.Inodes.InodeFile, "(inode file)");
        // Step 3.
        Visit(InodeTable.RootNumber, "/", FileKind.Directory, InodeTable.RootNumber);
        // Step 4.
        CheckInodes();
        // Step 5.
        if (superblock.IsClosed)
        {
            CheckFreeSlots();
        }
        return new VolumeReport(
            superblock.Generation, superblock.IsClosed, files, directories, symbolicLinks, size, unprotected, damages);
    }

    private void Report(string path, string problem) => damages.Add(new VolumeDamage(path, problem));

    private void CheckContainer()
    {
        if (storage.Size != superblock.SlotCount * Page.Size)
        {
            Report(Container, $"it has {storage.Size} bytes instead of {superblock.SlotCount * Page.Size}");
        }
        // A process that ended between two superblocks left the state before, or a state after that nobody acknowledged.
        if (Superblocks.ReadAll(storage, key) is not { Count: Superblock.Count } found
            || Math.Max(found[0].Superblock.Generation, found[1].Superblock.Generation)
                - Math.Min(found[0].Superblock.Generation, found[1].Superblock.Generation) > 1)
        {
            Report(Container, "one of the two superblocks is damaged; the volume still opens by the other");
        }
    }

    private void Visit(uint number, string path, FileKind kind, uint parent)
    {
        if (paths.TryGetValue(number, out var known))
        {
            links[number]++;
            if (kind == FileKind.Directory)
            {
                Report(path, $"it is the same directory as {known}");
            }
            return;
        }
        paths[number] = path;
        links[number] = 1;
        Inode inode;
        try
        {
            inode = volume.Inodes.Find(number);
        }
        catch (RefusedException damage)
        {
            Report(path, damage.Message);
            return;
        }
        if (inode.Kind != kind || inode.Links == 0 || (kind == FileKind.Directory && inode.Parent != parent))
        {
            Report(path, $"inode {number} is not what the directory says");
            return;
        }
        var isWhole = CheckContent(inode, path);
        Count(inode);
        if (kind == FileKind.Directory && isWhole)
        {
            VisitNames(inode, path);
        }
        volume.Inodes.DropFromMemory(inode);
    }

    private void Count(Inode inode)
    {
        directories += inode.Kind == FileKind.Directory ? 1 : 0;
        symbolicLinks += inode.Kind == FileKind.SymbolicLink ? 1 : 0;
        if (inode.Kind == FileKind.RegularFile)
        {
            files++;
            size += inode.Size;
            unprotected += inode.Protection == Protection.Plain ? 1 : 0;
        }
    }

    private void VisitNames(Inode directory, string path)
    {
        List<DirectoryItem> items;
        try
        {
            items = [.. volume.Directories.NamesOf(directory).ListFrom(0)];
        }
        catch (RefusedException damage)
        {
            Report(path, damage.Message);
            return;
        }
        links[directory.Number]++;
        foreach (var item in items)
        {
            Visit(item.Node, $"{path.TrimEnd('/')}/{item.Name}", item.Kind, directory.Number);
            links[directory.Number] += item.Kind == FileKind.Directory ? 1u : 0u;
        }
    }

    // Reads all nodes and records of a file, and marks their slots. False when something is damaged.
    private bool CheckContent(Inode inode, string path)
    {
        var before = damages.Count;
        inode.Map.Walk(
            (pointer, page) =>
            {
                if (!slots.TryMark(pointer.Slot, pointer.Count))
                {
                    Report(path, $"slot {pointer.Slot} belongs to another file too");
                }
                if (page >= 0)
                {
                    CheckRecord(pointer, page, path);
                }
                slotsRead += pointer.Count;
                progress?.Invoke((double)slotsRead / superblock.SlotCount);
            },
            damage => Report(path, damage.Detail));
        return damages.Count == before;
    }

    private void CheckRecord(RecordPointer pointer, long page, string path)
    {
        try
        {
            reader.Read(pointer, buffer.AsSpan(0, pointer.Count * Page.Size));
        }
        catch (RefusedException)
        {
            var start = ((page / RecordPointer.MaxPages * RecordPointer.MaxPages) + pointer.First) * Page.Size;
            Report(path, $"bytes {start} to {start + (pointer.Count * Page.Size) - 1} are not what was written");
        }
    }

    private void CheckInodes()
    {
        for (var number = InodeTable.RootNumber; number < volume.Inodes.Count; number++)
        {
            try
            {
                var inode = volume.Inodes.FindIfUsed(number);
                var found = links.GetValueOrDefault(number);
                if (inode is { Links: > 0 } && inode.Links != found)
                {
                    Report(PathOf(number), found == 0 ? "it has no name" : $"it has {found} links instead of {inode.Links}");
                }
                if (inode is not null && found == 0)
                {
                    // It has no name, but it uses slots.
                    CheckContent(inode, PathOf(number));
                }
            }
            catch (RefusedException damage)
            {
                Report(PathOf(number), damage.Message);
            }
        }
    }

    private string PathOf(uint number) => paths.GetValueOrDefault(number, $"(inode {number})");

    private void CheckFreeSlots()
    {
        foreach (var (slot, count) in slots.FreeExtents())
        {
            for (var at = slot; at < slot + count; at += RecordPointer.MaxPages)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(RecordPointer.MaxPages, slot + count - at) * Page.Size);
                storage.Read(at * Page.Size, part);
                if (part.ContainsAnyExcept((byte)0))
                {
                    Report(Container, $"free slots from {at} on are not empty");
                }
            }
        }
    }
}
