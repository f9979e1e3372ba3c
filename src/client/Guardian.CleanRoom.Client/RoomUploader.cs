using System.Diagnostics;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Keys;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Client;

/// <summary>The progress of an upload.</summary>
/// <param name="Rows">Rows in the acknowledged chunks; an estimate, because all chunks are of one size.</param>
/// <param name="TotalRows">Rows of the data set.</param>
/// <param name="Bytes">Bytes of the acknowledged chunks.</param>
/// <param name="TotalBytes">Bytes of all chunks.</param>
public readonly record struct UploadProgress(int Rows, int TotalRows, long Bytes, long TotalBytes);

/// <summary>Encrypts and sends a prepared data set. Continues an interrupted upload, and retries while the room is unreachable.</summary>
/// <param name="client">The connection to the room, as the data set's owner.</param>
/// <param name="contract">The room's contract.</param>
/// <param name="dataSet">The data set, from the contract.</param>
public sealed class RoomUploader(RoomClient client, RoomContract contract, DataSet dataSet)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>The time for which each call is retried while the room is unreachable; 30 seconds unless set.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Uploads a version and commits it.</summary>
    /// <param name="data">The prepared data set.</param>
    /// <param name="uploadSecret">The room's upload secret, 32 bytes, from <see cref="RoomClient.ReadKeysAsync"/>.</param>
    /// <param name="progress">Receives the progress after each chunk; null for nobody.</param>
    /// <param name="changes">For changes: the digest of the version that they apply to, lower-case hex; null otherwise.</param>
    /// <param name="cancellation">Stops the upload; the room keeps the acknowledged chunks.</param>
    /// <returns>The number of chunks that an earlier upload had already sent, and the room's receipt: a statement signed inside the
    /// enclave.</returns>
    /// <exception cref="RefusedException">The room refused with one of its reasons, or with a reason of
    /// <see cref="RoomClientReasons"/>; when it is unreachable, after <see cref="Patience"/>. The room keeps the acknowledged
    /// chunks.</exception>
    public async Task<(int Resumed, byte[] Receipt)> UploadAsync(
        PreparedDataSet data, byte[] uploadSecret, IProgress<UploadProgress>? progress = null, string? changes = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var digest = Convert.ToHexStringLower(data.Digest.Span);
        var request = new UploadRequest(digest, data.Report.Persons) 
        {
            Form = data.Form, Base = changes, InvalidCells = data.Report.InvalidCells,
        };
        using var cipher = new ChunkCipher(uploadSecret, contract, dataSet.InForm(data.Form), data.Digest.Span);
        var state = await RetryAsync(
            () => client.BeginUploadAsync(dataSet.Name, request, cancellation), cancellation).ConfigureAwait(false);
        var resumed = state.NextChunk;
        while (state.NextChunk < data.GroupCount)
        {
            var index = state.NextChunk;
            var chunk = cipher.Encrypt(index, data.WriteGroup(index).Span);
            state = await RetryAsync(
                () => client.PutChunkAsync(dataSet.Name, digest, index, chunk, cancellation), cancellation).ConfigureAwait(false);
            progress?.Report(new UploadProgress(
                (int)((long)data.Report.Persons * state.NextChunk / data.GroupCount), data.Report.Persons,
                (long)chunk.Length * state.NextChunk, (long)chunk.Length * data.GroupCount));
        }
        var receipt = await RetryAsync(() => client.CommitAsync(dataSet.Name, digest, cancellation), cancellation).ConfigureAwait(false);
        return (resumed, receipt);
    }

    private async Task<T> RetryAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (RefusedException failure) when (failure.IsTransient && since.Elapsed < Patience)
            {
                await Task.Delay(RetryDelay, cancellation).ConfigureAwait(false);
            }
        }
    }
}
