"""What sections are called in Spanish, Portuguese, French, Italian, Chinese, Japanese and Korean.

Only the names of sections are known. What an item below them says is not read, so each item of a list is taken.
"""

from __future__ import annotations

import re

_TAIL = r"(?:列表|清单|清單|说明|說明|定义|定義|一覧|詳細|목록|명세|정의)?$"
"""A name in these languages ends with what it names: ``需求背景`` is background."""

WANTED = re.compile(
    r"\b(?:requisitos?|requerimientos?|funcionalidades?|historias de usuario|casos de uso|hist[oó]rias de usu[aá]rio"
    r"|exigences?|fonctionnalit[eé]s?|cas d'utilisation|besoins|requisiti|funzionalit[aà]|casi d'uso|alcance|escopo)\b"
    r"|(?:需求|功能|功能点|用户故事|要件|要求|機能|ユーザーストーリー|요구\s?사항|기능|사용자 스토리|제약|제한|限制)"
    + _TAIL
)
LEFT_OUT = re.compile(
    r"^(?:fuera de(?:l)? alcance|fora d[eo] escopo|hors p[eé]rim[eè]tre|fuori ambito|no objetivos|non-objectifs)\b"
    r"|(?:非目标|非目標|不做的?事?|范围外|範圍外|対象外|スコープ外|범위 외|제외 ?(?:범위|사항)?|향후 확장 가능성)$"
)
GOALS = re.compile(r"^(?:objetivos?|objectifs?|obiettivi)\b|(?:(?<!非)目标|(?<!非)目標|目的|목표|목적)$")
MEASURES = re.compile(r"^(?:m[eé]tricas|indicadores|indicateurs|metriche)\b|(?:指标|指標|성공 지표|지표)$")
CONTEXT = re.compile(
    r"^(?:introducci[oó]n|introdu[cç][aã]o|resumen|resumo|contexto|contexte|antecedentes|problemas?|probl[eè]me"
    r"|riesgos?|riscos?|risques?|rischi|glosario|gloss[aá]rio|glossaire|cronograma|calendrier|usuarios|usu[aá]rios"
    r"|utilisateurs|arquitectura|arquitetura|architettura|modelo de dados|modelo de datos|anexos?|annexes?)\b"
    r"|(?:背景|概述|概要|简介|簡介|风险|風險|リスク|术语|術語|用語|附录|附錄|架构|架構|アーキテクチャ|数据模型|データモデル"
    r"|里程碑|时间表|スケジュール|用户|使用者|流程|开发流程|開發流程|假資料\W*|개요|배경|사용자|페르소나|플로우|아키텍처|구조"
    r"|데이터 모델|일정|마일스톤|리스크|위험|용어|부록|우선순위|시나리오|참고 자료|변경 이력|参考資料|参考资料"
    r"|风险与对策|風險與對策|リスクと対策|愿景)$"
)
