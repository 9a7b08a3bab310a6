{{- define "bindery.image" -}}
{{ printf "%s:%v" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}

{{- /* The arguments of a role: (list . "controller"). The namespace is said where it is not the program's own default. */ -}}
{{- define "bindery.args" -}}
{{- $root := index . 0 -}}
{{- $role := index . 1 -}}
{{- $args := list $role -}}
{{- if ne $root.Release.Namespace "bindery-system" -}}
{{- $args = append $args (printf "--namespace=%s" $root.Release.Namespace) -}}
{{- end -}}
{{- toJson (concat $args (index $root.Values $role "extraArgs")) -}}
{{- end -}}
