using System.Security.Cryptography;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data.Linking;
using Guardian.CleanRoom.Keys;
using Guardian.CleanRoom.Layout;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>
/// The versions of a room with several identifiers as questions use them: each row has the tag of its person. They are made at the first
/// question after an upload, because they depend on two uploads, and are gone with the enclave: their keys are in its memory alone.
/// Callers serialise access.
/// </summary>
internal sealed class LinkedVersions(RoomContract contract, RoomLayout layout, RoomKeys keys, WorkingSet workingSet, string directory)
    : IDisposable
{
    private readonly Dictionary<string, Made> made = [];

    /// <summary>Gives versions the tags of their persons; in a room with one identifier they have them already.</summary>
    /// <param name="versions">Versions by data set; with several identifiers, one of them is that of the persons.</param>
    /// <exception cref="RefusedException">The host changed a file.</exception>
    public IReadOnlyDictionary<string, DataVersion> Link(IReadOnlyDictionary<string, DataVersion> versions) => contract.Persons is null
        ? versions
        : versions.ToDictionary(pair => pair.Key, pair => Find(pair.Key, pair.Value, versions[contract.Persons]));

    /// <summary>Refuses a version in which two rows have the same identifier of one kind.</summary>
    /// <exception cref="RefusedException">The host changed a file.</exception>
    public Refusal? FindRepeated(DataVersion version)
    {
        var dataSet = contract.FindDataSet(version.Source.DataSet.Name)!;
        return dataSet.Identifiers.Count > 1 && CreateLinker().HasRepeated(version.Source, FolderOf(dataSet).PathOf("link.scratch"))
            ? RoomReasons.RepeatedIdentifier.Because($"two rows of '{dataSet.Name}' have the same identifier of one kind")
            : null;
    }

    /// <summary>Destroys what depends on versions of a data set.</summary>
    /// <param name="dataSet">The data set.</param>
    /// <param name="current">Public name of the version whose links stay; null for none.</param>
    public void Forget(string dataSet, string? current = null)
    {
        bool Depends(string name) => name == dataSet || dataSet == contract.Persons;
        foreach (var name in made.Keys
            .Where(name => Depends(name) && (current is null || !made[name].Origin.Contains(current, StringComparison.Ordinal))).ToList())
        {
            Remove(name);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var name in made.Keys.ToList())
        {
            Remove(name);
        }
    }

    private DataVersion Find(string name, DataVersion version, DataVersion persons)
    {
        var origin = $"{version.Version} {persons.Version}";
        if (made.GetValueOrDefault(name) is not { } known || known.Origin != origin)
        {
            Remove(name);
            made[name] = known = new Made(origin, Make(contract.FindDataSet(name)!, version, persons));
        }
        return version with { Source = known.Version, Key = known.Version.Manifest.Key, File = known.Version.Manifest.Version };
    }

    private StoredVersion Make(DataSet dataSet, DataVersion version, DataVersion persons)
    {
        var folder = FolderOf(dataSet);
        var manifest = new UploadManifest(dataSet.Name, UploadManifest.DrawVersion(), "", version.Rows, UploadManifest.DrawKey());
        var temporary = folder.PathOf("linked.new");
        using (var cipher = folder.CreateCipher(manifest))
        using (var linked = new NewVersion(layout, dataSet, temporary, cipher, null))
        {
            var fits = CreateLinker().TryLink(version.Source, persons.Source, folder.PathOf("link.scratch"), linked.Add);
            if (!fits || linked.Problem is not null || linked.Rows != version.Rows)
            {
                throw new RefusedException(RoomReasons.TooFull.Because(
                    $"a bucket overflowed when '{dataSet.Name}' was matched; its owner has to upload it again under another contract"));
            }
            linked.Complete();
        }
        folder.MoveToChunks(temporary, manifest.Version);
        // Questions read the linked versions alone, so these get the memory.
        (version.Source as StoredVersion)?.ReleaseGroups();
        (persons.Source as StoredVersion)?.ReleaseGroups();
        return folder.OpenVersion(manifest);
    }

    private void Remove(string name)
    {
        if (made.Remove(name, out var old))
        {
            old.Version.Dispose();
            FolderOf(contract.FindDataSet(name)!).DeleteChunks(old.Version.Manifest.Version);
            CryptographicOperations.ZeroMemory(old.Version.Manifest.Key);
        }
    }

    private IdentityLinker CreateLinker() => new(contract, layout, keys.LinkKey(), workingSet.ForCommits);

    private UploadFolder FolderOf(DataSet dataSet) => new(contract, dataSet, layout, keys, workingSet, directory);

    private sealed record Made(string Origin, StoredVersion Version);
}
