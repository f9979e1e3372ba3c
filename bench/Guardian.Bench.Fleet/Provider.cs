using System.Text.Json.Nodes;
using Guardian.OpenStack.Placement;

namespace Guardian.Bench.Fleet;

/// <summary>A provider of the pretended Placement.</summary>
internal sealed class Provider(Guid id, string name, Guid? parent, Guid root)
{
    private readonly Lock changing = new();
    private JsonObject inventories = [];

    public Guid Id => id;

    public string Name => name;

    public Guid Root => root;

    public long Generation { get; set; }

    public IReadOnlyList<string> Traits { get; private set; } = [];

    /// <summary>The server that claims 8 MiB; null for none.</summary>
    public Guid? Consumer { get; set; }

    public JsonObject ToJson() => new()
    {
        ["uuid"] = id,
        ["name"] = name,
        ["generation"] = Generation,
        ["parent_provider_uuid"] = parent,
        ["root_provider_uuid"] = root,
    };

    public JsonObject ReadInventories()
    {
        lock (changing)
        {
            return new JsonObject { ["resource_provider_generation"] = Generation, ["inventories"] = inventories.DeepClone() };
        }
    }

    public JsonObject SetInventories(JsonNode body)
    {
        lock (changing)
        {
            inventories = body["inventories"]!.DeepClone().AsObject();
            Generation++;
        }
        return ReadInventories();
    }

    public JsonObject ReadTraits() => new()
    {
        ["resource_provider_generation"] = Generation,
        ["traits"] = new JsonArray([.. Traits.Select(trait => (JsonNode)trait)]),
    };

    public JsonObject SetTraits(JsonNode body)
    {
        lock (changing)
        {
            Traits = [.. body["traits"]!.AsArray().Select(trait => (string)trait!)];
            Generation++;
        }
        return ReadTraits();
    }

    public JsonObject ReadUsages() => new()
    {
        ["usages"] = new JsonObject { [Epc.ResourceClass] = Consumer is null ? 0 : 8 },
    };

    public JsonObject ReadAllocations() => new()
    {
        ["resource_provider_generation"] = Generation,
        ["allocations"] = Consumer is { } consumer
            ? new JsonObject
            {
                [consumer.ToString()] = new JsonObject { ["resources"] = new JsonObject { [Epc.ResourceClass] = 8 } },
            }
            : [],
    };

    /// <summary>The provider's part of the list of candidates.</summary>
    public JsonObject Summarise()
    {
        lock (changing)
        {
            var epc = inventories[Epc.ResourceClass];
            return new JsonObject
            {
                ["traits"] = ReadTraits()["traits"]!.DeepClone(),
                ["parent_provider_uuid"] = parent,
                ["root_provider_uuid"] = root,
                ["resources"] = epc is null ? [] : new JsonObject
                {
                    [Epc.ResourceClass] = new JsonObject
                    {
                        ["capacity"] = (long)epc["total"]! - (long)epc["reserved"]!,
                        ["used"] = Consumer is null ? 0 : 8,
                    },
                },
            };
        }
    }
}
