using System.Diagnostics;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Room;

namespace Guardian.CleanRoom.Client;

/// <summary>How far an upload is.</summary>
/// <param name="Rows">Rows in the chunks that are acknowledged; an estimate, for buckets are of like size.</param>
/// <param name="Bytes">Bytes that are acknowledged, of <paramref name="TotalBytes"/>.</param>
public readonly record struct UploadProgress(int Rows, int TotalRows, long Bytes, long TotalBytes);

/// <summary>Encrypts and sends a prepared data set. Goes on where an earlier try stopped, and waits when the room is away for a while.</summary>
public sealed class RoomUploader(RoomClient client, RoomContract contract, DataSet dataSet)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>For how long a room may be away before the upload is given up; half a minute unless set.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Uploads.</summary>
    /// <param name="uploadSecret">32 bytes, from the room.</param>
    /// <param name="changes">Digest of the version that changes are for; null otherwise.</param>
    /// <returns>Chunks that were there already, and the room's receipt.</returns>
    /// <exception cref="RoomException">Refused, or away for longer than <see cref="Patience"/>; what was acknowledged stays.</exception>
    public async Task<(int Resumed, byte[] Receipt)> UploadAsync(
        PreparedDataSet data, byte[] uploadSecret, IProgress<UploadProgress>? progress = null, string? changes = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var digest = Convert.ToHexStringLower(data.Digest.Span);
        var request = new UploadRequest(digest, data.Report.Persons) { Form = data.Form, Base = changes };
        using var cipher = new ChunkCipher(uploadSecret, contract, dataSet.InForm(data.Form), data.Digest.Span);
        var state = await TryAsync(() => client.BeginUploadAsync(dataSet.Name, request, cancellation), cancellation).ConfigureAwait(false);
        var resumed = state.NextChunk;
        while (state.NextChunk < data.GroupCount)
        {
            var index = state.NextChunk;
            var chunk = cipher.Encrypt(index, data.WriteGroup(index).Span);
            state = await TryAsync(() => client.PutChunkAsync(dataSet.Name, digest, index, chunk, cancellation), cancellation).ConfigureAwait(false);
            progress?.Report(new UploadProgress(
                (int)((long)data.Report.Persons * state.NextChunk / data.GroupCount), data.Report.Persons,
                (long)chunk.Length * state.NextChunk, (long)chunk.Length * data.GroupCount));
        }
        return (resumed, await TryAsync(() => client.CommitAsync(dataSet.Name, digest, cancellation), cancellation).ConfigureAwait(false));
    }

    private async Task<T> TryAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (RoomException failure) when (failure.IsTransient && since.Elapsed < Patience)
            {
                await Task.Delay(Pause, cancellation).ConfigureAwait(false);
            }
        }
    }
}
