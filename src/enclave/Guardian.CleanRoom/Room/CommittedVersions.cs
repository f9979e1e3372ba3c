using System.Text.Json;
using Guardian.CleanRoom.Log;

namespace Guardian.CleanRoom.Room;

/// <summary>The public name of the current version of each data set, according to the log. Thread-safe.</summary>
internal sealed class CommittedVersions
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (string Name, DateTimeOffset Made)> versions = [];

    /// <summary>Computes the versions of a log.</summary>
    public static CommittedVersions From(IEnumerable<LogLine> entries)
    {
        var committed = new CommittedVersions();
        foreach (var entry in entries)
        {
            if (entry.Event == LogEvents.Upload)
            {
                var detail = JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.UploadDetail)!;
                committed.Set(detail.DataSet, detail.Version, entry.Instant);
            }
            else if (entry.Event == LogEvents.Deletion)
            {
                committed.Remove(JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.DeletionDetail)!.DataSet);
            }
        }
        return committed;
    }

    /// <summary>Finds the public name of a data set's version; null when it has none.</summary>
    public string? Find(string dataSet)
    {
        lock (gate)
        {
            return versions.TryGetValue(dataSet, out var version) ? version.Name : null;
        }
    }

    /// <summary>Finds the instant at which a data set's version became the current one; null when it has none.</summary>
    public DateTimeOffset? FindInstant(string dataSet)
    {
        lock (gate)
        {
            return versions.TryGetValue(dataSet, out var version) ? version.Made : null;
        }
    }

    public void Set(string dataSet, string version, DateTimeOffset made)
    {
        lock (gate)
        {
            versions[dataSet] = (version, made);
        }
    }

    public void Remove(string dataSet)
    {
        lock (gate)
        {
            versions.Remove(dataSet);
        }
    }
}
