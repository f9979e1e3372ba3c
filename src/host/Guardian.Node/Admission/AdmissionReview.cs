using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Kubernetes;
using Guardian.Refusals;

namespace Guardian.Node.Admission;

/// <summary>Reads and answers <c>AdmissionReview</c> of <c>admission.k8s.io/v1</c>. Everybody in the cluster may have written it.</summary>
internal static class AdmissionReview
{
    /// <summary>The size of the largest review in bytes: the API server takes requests of 3 MiB.</summary>
    public const int MaxSize = 4 * 1024 * 1024;

    private const string Version = "admission.k8s.io/v1";
    private const string Kind = "AdmissionReview";

    // A UUID has 36.
    private const int MaxId = 128;
    private const int Forbidden = 403;

    /// <summary>Answers a review. Never throws for any content.</summary>
    /// <param name="review">The review in UTF-8.</param>
    /// <param name="pods">Decides about new pods; all other objects stay as they are.</param>
    /// <returns>The answer; null when the text is no review.</returns>
    public static JsonObject? Answer(ReadOnlyMemory<byte> review, PodAdmission pods)
    {
        using var document = ObjectMembers.TryParse(review);
        JsonElement? top = document?.RootElement;
        var request = top.Member("request");
        return top.Text("apiVersion") == Version && top.Text("kind") == Kind && request.Text("uid") is { Length: > 0 and <= MaxId } id
            ? Write(id, IsNewPod(request) ? pods.Decide(request.Member("object")) : new JsonArray())
            : null;
    }

    private static bool IsNewPod(JsonElement? request)
    {
        var resource = request.Member("resource");
        return request.Text("operation") == "CREATE" && resource.Text("resource") == "pods" && resource.Text("group") is not { Length: > 0 }
            && request.Text("subResource") is not { Length: > 0 };
    }

    private static JsonObject Write(string id, Outcome<JsonArray> outcome)
    {
        var (patch, refusal) = outcome;
        var response = new JsonObject { ["uid"] = id, ["allowed"] = refusal is null };
        if (refusal is not null)
        {
            response["status"] = new JsonObject
            {
                ["code"] = Forbidden,
                ["reason"] = "Forbidden",
                ["message"] = refusal.Remedy is { } remedy ? $"{refusal.Detail}; {remedy}" : refusal.Detail,
            };
        }
        else if (patch!.Count > 0)
        {
            response["patchType"] = "JSONPatch";
            response["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch.ToJsonString()));
        }
        return new JsonObject { ["apiVersion"] = Version, ["kind"] = Kind, ["response"] = response };
    }
}
