using System.Collections.Frozen;
using System.Reflection;

namespace Automation.Server.Api;

/// <summary>Refuses query parameters that an endpoint does not have: a misspelt filter must not mean "all".</summary>
internal static class KnownParameters
{
    /// <summary>An endpoint filter factory for a group.</summary>
    public static EndpointFilterDelegate Require(EndpointFilterFactoryContext endpoint, EndpointFilterDelegate next)
    {
        var known = endpoint.MethodInfo.GetParameters().SelectMany(NamesOf).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        return context =>
        {
            var unknown = context.HttpContext.Request.Query.Keys.Where(key => !known.Contains(key)).ToList();
            if (unknown.Count == 0) return next(context);
            var sentence = known.Count == 0 ? "This resource takes no parameters." : $"There is no such parameter here; there are {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
            return ValueTask.FromResult<object?>(ApiProblem.BadParameters(unknown.ToDictionary(key => key, _ => new[] { sentence })));
        };
    }

    private static IEnumerable<string> NamesOf(ParameterInfo parameter)
    {
        if (parameter.GetCustomAttribute<AsParametersAttribute>() is not null) return parameter.ParameterType.GetProperties().Select(p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..]);
        return parameter.ParameterType == typeof(string) && parameter.Name != "id" ? [parameter.Name!] : [];
    }
}
