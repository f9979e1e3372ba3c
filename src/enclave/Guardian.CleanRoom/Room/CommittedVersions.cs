using System.Text.Json;
using Guardian.CleanRoom.Log;

namespace Guardian.CleanRoom.Room;

/// <summary>The public name of the current version of each data set, according to the log. Thread-safe.</summary>
internal sealed class CommittedVersions
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, string> names = [];

    /// <summary>Computes the versions of a log.</summary>
    public static CommittedVersions From(IEnumerable<LogLine> entries)
    {
        var versions = new CommittedVersions();
        foreach (var entry in entries)
        {
            if (entry.Event == LogEvents.Upload)
            {
                var detail = JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.UploadDetail)!;
                versions.Set(detail.DataSet, detail.Version);
            }
            else if (entry.Event == LogEvents.Deletion)
            {
                versions.Remove(JsonSerializer.Deserialize(entry.Detail, RoomLogJson.Default.DeletionDetail)!.DataSet);
            }
        }
        return versions;
    }

    /// <summary>Finds the public name of a data set's version; null when it has none.</summary>
    public string? Find(string dataSet)
    {
        lock (gate)
        {
            return names.GetValueOrDefault(dataSet);
        }
    }

    public void Set(string dataSet, string version)
    {
        lock (gate)
        {
            names[dataSet] = version;
        }
    }

    public void Remove(string dataSet)
    {
        lock (gate)
        {
            names.Remove(dataSet);
        }
    }
}
