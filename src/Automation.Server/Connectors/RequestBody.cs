using System.Text.Json.Nodes;

namespace Automation.Server.Connectors;

/// <summary>The body that a template has become.</summary>
internal static class RequestBody
{
    /// <summary>The body without the members that are null in its own objects: what their fields do not give is not said. Values that fields give stay as they are, null in them too.</summary>
    /// <param name="filled">Changed in place.</param>
    /// <param name="template">Member by member what was filled; a text where a value was put in.</param>
    public static JsonNode? WithoutNulls(JsonNode? filled, JsonNode? template)
    {
        switch (filled, template)
        {
            case (JsonObject members, JsonObject written):
                foreach (var (given, part) in members.ToList().Zip(written.Select(m => m.Value)))
                {
                    if (given.Value is null) members.Remove(given.Key);
                    else WithoutNulls(given.Value, part);
                }

                break;
            case (JsonArray items, JsonArray written):
                foreach (var (item, part) in items.Zip(written)) WithoutNulls(item, part);
                break;
        }

        return filled;
    }
}
