using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Matching;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>The data sets of a room, for their owners. Thread-safe.</summary>
public sealed class RoomDataSets
{
    private readonly RoomState state;
    private readonly TimeProvider time;

    internal RoomDataSets(RoomState state, TimeProvider time) => (this.state, this.time) = (state, time);

    /// <summary>Reads the keys with which its owner prepares a data set.</summary>
    public Outcome<DataSetKeys> ReadKeys(RoomMember member, string dataSet) =>
        FindOwned(member, dataSet, out var refusal) is null
            ? refusal!
            : new DataSetKeys(state.Keys.MatchKey(), state.Keys.UploadSecret(dataSet));

    /// <summary>Announces an upload of an owner's data set, or resumes it.</summary>
    public Outcome<UploadState> BeginUpload(RoomMember member, string dataSet, UploadRequest request) =>
        FindOwned(member, dataSet, out var refusal) is not { } store ? refusal!
            : request is not null && FindFixed(dataSet, request.Digest) is { } isFixed ? isFixed
            : store.Begin(request!);

    /// <summary>Checks and stores a chunk; when this returns a state, the chunk is on disk.</summary>
    public Outcome<UploadState> PutChunk(RoomMember member, string dataSet, string digest, int index, ReadOnlySpan<byte> chunk) =>
        FindOwned(member, dataSet, out var refusal) is { } store ? store.PutChunk(digest, index, chunk) : refusal!;

    /// <summary>Makes a complete upload the data set's current version. It waits for a running analysis.</summary>
    /// <returns>A signed <see cref="UploadReceipt"/>.</returns>
    /// <exception cref="RefusedException">The host changed a file, or the head of the log cannot be reached.</exception>
    public Outcome<byte[]> Commit(RoomMember member, string dataSet, string digest)
    {
        if (FindOwned(member, dataSet, out var refusal) is not { } store)
        {
            return refusal!;
        }
        lock (state.Analysis)
        {
            if (state.FindClosed() is { } closed)
            {
                return closed;
            }
            // An upload may have begun before another one of the period, or before the first answer.
            if (FindFixed(dataSet, digest) is { } isFixed)
            {
                return isFixed;
            }
            // The log comes first: no version may be current that the log does not name.
            var committed = store.Commit(
                digest, version => state.Links.FindRepeated(version) ?? FindInclusionProblem(dataSet, version),
                version => state.Append(
                    member, LogEvents.Upload, new UploadDetail(dataSet, version.Version, version.BaseVersion),
                    RoomLogJson.Default.UploadDetail));
            if (committed.Refusal is not null)
            {
                state.Links.Forget(dataSet);
                return committed.Refusal;
            }
            var current = committed.Value!;
            state.Links.Forget(dataSet, current.Version);
            if (state.Committed.Find(dataSet) != current.Version)
            {
                state.Committed.Set(dataSet, current.Version, state.Log.Entries[^1].Instant);
            }
            var receipt = new UploadReceipt(
                state.Contract.Name, state.Hash, member.Name, time.GetUtcNow(), dataSet, current.Version, current.Digest, current.Rows,
                state.Log.Entries[^1].Hash)
            {
                Base = current.Base,
                Upload = current.Upload,
                InvalidCells = current.InvalidCells,
            };
            var payload = PaddedJson.Write(
                receipt, receipt with { Rows = int.MinValue, InvalidCells = int.MinValue }, AnswerJson.Default.UploadReceipt);
            return state.Enclave.Statements.Sign(payload, UploadReceipt.StatementType);
        }
    }

    /// <summary>
    /// Deletes an owner's data set and destroys its key. It waits for a running analysis. Spent budgets stay spent, and the log stays.
    /// </summary>
    /// <returns>A signed <see cref="DeletionReceipt"/>.</returns>
    /// <exception cref="RefusedException">The CAS cannot be reached; the data set may be deleted or not, and deleting it again is
    /// harmless.</exception>
    public Outcome<byte[]> Delete(RoomMember member, string dataSet)
    {
        if (FindOwned(member, dataSet, out var refusal) is not { } store)
        {
            return refusal!;
        }
        lock (state.Analysis)
        {
            if (state.FindClosed() is { } closed)
            {
                return closed;
            }
            LogLine? entry = null;
            var deleted = store.Delete(version =>
            {
                // From here on nobody asks about it, even if its key cannot be destroyed yet. There is no receipt before that.
                state.Committed.Remove(dataSet);
                entry = state.Append(
                    member, LogEvents.Deletion, new DeletionDetail(dataSet, version.Version), RoomLogJson.Default.DeletionDetail);
            });
            state.Links.Forget(dataSet);
            if (deleted.Refusal is not null)
            {
                return deleted.Refusal;
            }
            var receipt = new DeletionReceipt(
                state.Contract.Name, state.Hash, member.Name, entry!.Instant, dataSet, deleted.Value!.Version, deleted.Value.Digest,
                entry.Hash);
            return state.Sign(receipt, AnswerJson.Default.DeletionReceipt, DeletionReceipt.StatementType);
        }
    }

    // The reason why the contract keeps the current version; null when another may follow.
    private Refusal? FindFixed(string name, string digest) => FindPinned(name, digest) ?? FindFixedPersons(name, digest);

    // Questions of a period are about one version, so that small refreshes do not stand between them. The same upload again changes
    // nothing: its owner may have missed the receipt.
    private Refusal? FindPinned(string name, string digest) =>
        state.FindVersion(name) is { } version && version.Digest != digest && version.Upload != digest
            && state.Committed.FindInstant(name) is { } made && state.Contract.FindDataSet(name)!.PinnedUntil(made) is { } until
            && time.GetUtcNow() < until
            ? RoomReasons.VersionPinned.Because(string.Create(
                CultureInfo.InvariantCulture, $"the version of '{name}' that was uploaded on {made:u} stays until {until:u}"))
            : null;

    // Both data sets are of one owner, so the owner alone learns how many persons are missing.
    private Refusal? FindInclusionProblem(string name, DataVersion candidate)
    {
        DataVersion? VersionOf(string dataSet) => dataSet == name ? candidate : state.FindVersion(dataSet);
        foreach (var inner in state.Contract.DataSets.Where(each => each.Within is not null && (each.Name == name || each.Within == name)))
        {
            if (VersionOf(inner.Name) is not { } within || VersionOf(inner.Within!) is not { } outer)
            {
                continue;
            }
            var versions = new Dictionary<string, DataVersion> { [inner.Name] = within, [inner.Within!] = outer };
            var linked = state.Links.Link(versions);
            SidePlan[] sides = [.. linked.Values.Select(version => new SidePlan(version.Source, [], []))];
            var matched = state.Engines.Create(null, linked).CountCells(sides, 1)[0];
            if (matched < within.Rows)
            {
                return RoomReasons.NotWithin.Because(
                    $"{within.Rows - matched} persons of '{inner.Name}' are not in '{inner.Within}', "
                    + "within which the contract says they are");
            }
        }
        return null;
    }

    // The guard of exact answers knows persons by the tags of their rows. Other identifiers would be other persons for it.
    private Refusal? FindFixedPersons(string dataSet, string digest) =>
        dataSet == state.Contract.Persons && state.Contract.Privacy.Epsilon is null && state.Answers.Records.Count > 0
        && !(state.FindVersion(dataSet) is { } version && (version.Digest == digest || version.Upload == digest))
            ? RoomReasons.PersonsFixed.Because($"'{dataSet}' holds the persons of a room without noise that has answered")
            : null;

    private UploadStore? FindOwned(RoomMember member, string name, out Refusal? refusal)
    {
        ArgumentNullException.ThrowIfNull(member);
        var dataSet = state.Contract.FindDataSet(name);
        refusal = dataSet is null
            ? RoomReasons.NoDataSet.Because($"the contract has no data set '{name}'; it has {state.Contract.DataSetNames}")
            : dataSet.Owner != member.Name
                ? RoomReasons.NotTheOwner.Because($"'{name}' is {dataSet.Owner}'s; {member.Name} may not upload it")
                : state.FindClosed();
        return refusal is null ? state.Stores[name] : null;
    }
}
