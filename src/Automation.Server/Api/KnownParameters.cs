using System.Collections.Frozen;
using System.Reflection;

namespace Automation.Server.Api;

/// <summary>Refuses query parameters that an endpoint does not have, since a misspelt filter must not mean "all", and those that no text can be.</summary>
internal static class KnownParameters
{
    /// <summary>An endpoint filter factory for a group.</summary>
    public static EndpointFilterDelegate Require(EndpointFilterFactoryContext endpoint, EndpointFilterDelegate next)
    {
        var known = Of(endpoint.MethodInfo);
        var unknown = known.Count == 0 ? "This resource takes no parameters." : $"There is no such parameter here; there are {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
        return context =>
        {
            Dictionary<string, string[]>? errors = null;
            foreach (var (name, values) in context.HttpContext.Request.Query)
            {
                if (!known.Contains(name)) (errors ??= [])[name] = [unknown];
                else if (values.Any(value => value?.Contains('\0') is true)) (errors ??= [])[name] = ["It has a character U+0000 in it, which is in no text here."]; // PostgreSQL has none
            }

            return errors is null ? next(context) : ValueTask.FromResult<object?>(ApiProblem.BadParameters(errors));
        };
    }

    /// <summary>Names of the query parameters that an endpoint has.</summary>
    public static FrozenSet<string> Of(MethodInfo endpoint) => endpoint.GetParameters().SelectMany(NamesOf).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> NamesOf(ParameterInfo parameter)
    {
        if (parameter.GetCustomAttribute<AsParametersAttribute>() is not null) return parameter.ParameterType.GetProperties().Select(p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..]);
        return parameter.ParameterType == typeof(string) && parameter.Name != "id" ? [parameter.Name!] : [];
    }
}
